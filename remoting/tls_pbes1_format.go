package remoting

import (
	"bytes"
	"crypto/des"
	"crypto/md5"
	"crypto/rc4"
	"crypto/sha1"
	"fmt"
	"math/big"
	"unicode/utf16"
)

// The encryption of openssl pkcs8 -topk8 -v1, which was OpenSSL's default before 1.1 and is the only one that a Java broker
// reads (netty has no PBES2). Within the encryptedPKCS8 of tls_pkcs8_format.go the algorithm is then
//
//	SEQUENCE
//	+-- OID                 1.2.840.113549.1.5.3         DES-CBC, key and IV from MD5 (RFC 8018 §6.1)
//	|                       1.2.840.113549.1.12.1.1, 2   RC4 of 128, 40 bits, key from SHA-1 (RFC 7292 appendix C)
//	|                       1.2.840.113549.1.12.1.3, 4   DES-EDE3-CBC with three, two keys, likewise
//	+-- SEQUENCE
//	    +-- OCTET STRING    salt
//	    +-- INTEGER         iterations
//
// What is so encrypted is hardly protected; whoever wants it to be takes PBES2.
type pbes1Params struct {
	Salt       []byte
	Iterations int
}

// decryptPBES1 returns the content; is1 is false for another algorithm.
func decryptPBES1(outer *encryptedPKCS8, password string) (plain []byte, is1 bool, err error) {
	decrypt, is1 := map[string]func(p *pbes1Params, password string, data []byte) ([]byte, error){
		"1.2.840.113549.1.5.3": (*pbes1Params).decryptDES,
		"1.2.840.113549.1.12.1.1": func(p *pbes1Params, password string, data []byte) ([]byte, error) {
			return p.decryptRC4(password, 16, data)
		},
		"1.2.840.113549.1.12.1.2": func(p *pbes1Params, password string, data []byte) ([]byte, error) {
			return p.decryptRC4(password, 5, data)
		},
		"1.2.840.113549.1.12.1.3": func(p *pbes1Params, password string, data []byte) ([]byte, error) {
			return p.decryptTripleDES(p.derive(pbes1Key, password, 24), password, data)
		},
		"1.2.840.113549.1.12.1.4": func(p *pbes1Params, password string, data []byte) ([]byte, error) {
			key := p.derive(pbes1Key, password, 16)
			return p.decryptTripleDES(append(key, key[:8]...), password, data)
		},
	}[outer.Algorithm.Algorithm.String()]
	if !is1 {
		return nil, false, nil
	}
	var params pbes1Params
	if err := unmarshalDER(outer.Algorithm.Parameters.FullBytes, &params); err != nil {
		return nil, true, err
	}
	if params.Iterations < 1 || params.Iterations > maxKeyIterations {
		return nil, true, fmt.Errorf("%d iterations, limit %d", params.Iterations, maxKeyIterations)
	}
	plain, err = decrypt(&params, password, outer.Data)
	return plain, true, err
}

func (p *pbes1Params) decryptDES(password string, data []byte) ([]byte, error) {
	sum := md5.Sum(append([]byte(password), p.Salt...))
	for range p.Iterations - 1 {
		sum = md5.Sum(sum[:])
	}
	block, err := des.NewCipher(sum[:8])
	if err != nil {
		return nil, err
	}
	return decryptCBC(block, sum[8:], data)
}

func (p *pbes1Params) decryptRC4(password string, keyBytes int, data []byte) ([]byte, error) {
	stream, err := rc4.NewCipher(p.derive(pbes1Key, password, keyBytes))
	if err != nil {
		return nil, err
	}
	plain := make([]byte, len(data))
	stream.XORKeyStream(plain, data)
	return plain, nil
}

func (p *pbes1Params) decryptTripleDES(key []byte, password string, data []byte) ([]byte, error) {
	block, err := des.NewTripleDESCipher(key)
	if err != nil {
		return nil, err
	}
	return decryptCBC(block, p.derive(pbes1IV, password, block.BlockSize()), data)
}

// What is derived: the byte that the hash's input begins with.
const (
	pbes1Key byte = 1
	pbes1IV  byte = 2
)

// derive makes n bytes of the password, as UTF-16 with a zero at its end, and the salt (RFC 7292 appendix B.2).
func (p *pbes1Params) derive(what byte, password string, n int) (out []byte) {
	const block = sha1.BlockSize
	var text []byte
	for _, unit := range utf16.Encode([]rune(password + "\x00")) {
		text = append(text, byte(unit>>8), byte(unit))
	}
	input := append(fillBlocks(p.Salt, block), fillBlocks(text, block)...)
	for {
		sum := sha1.Sum(append(bytes.Repeat([]byte{what}, block), input...))
		for range p.Iterations - 1 {
			sum = sha1.Sum(sum[:])
		}
		if out = append(out, sum[:]...); len(out) >= n {
			return out[:n]
		}
		// Each block of the input grows by one and the hash, which is repeated to that length.
		growth := new(big.Int).SetBytes(fillBlocks(sum[:], block))
		growth.Add(growth, big.NewInt(1))
		for at := 0; at < len(input); at += block {
			next := new(big.Int).SetBytes(input[at : at+block])
			next.Add(next, growth)
			next.SetBit(next, 8*block, 0) // modulo
			next.FillBytes(input[at : at+block])
		}
	}
}

// fillBlocks repeats text until it fills whole blocks.
func fillBlocks(text []byte, block int) []byte {
	if len(text) == 0 {
		return nil
	}
	n := (len(text) + block - 1) / block * block
	return bytes.Repeat(text, n/len(text)+1)[:n]
}
