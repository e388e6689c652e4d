package remoting

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/des"
	"crypto/pbkdf2"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"crypto/x509/pkix"
	"encoding/asn1"
	"errors"
	"fmt"
	"hash"
)

// A private key with a password (RFC 5958 §3, RFC 8018 PBES2), DER:
//
//	SEQUENCE                            EncryptedPrivateKeyInfo
//	+-- SEQUENCE                        encryptionAlgorithm
//	|   +-- OID 1.2.840.113549.1.5.13   PBES2
//	|   +-- SEQUENCE
//	|       +-- SEQUENCE                how the password becomes a key
//	|       |   +-- OID …1.5.12         PBKDF2
//	|       |   +-- SEQUENCE
//	|       |       +-- OCTET STRING    salt
//	|       |       +-- INTEGER         iterations
//	|       |       +-- INTEGER?        length of the key
//	|       |       +-- SEQUENCE?       OID of the HMAC, absent: SHA-1
//	|       +-- SEQUENCE                how the key encrypts
//	|           +-- OID                 AES-128/192/256-CBC or DES-EDE3-CBC
//	|           +-- OCTET STRING        IV, one block
//	+-- OCTET STRING                    the PKCS#8 key, CBC, padded by n bytes of value n
type encryptedPKCS8 struct {
	Algorithm pkix.AlgorithmIdentifier
	Data      []byte
}

type pbes2Params struct {
	KeyDerivation pkix.AlgorithmIdentifier
	Encryption    pkix.AlgorithmIdentifier
}

type pbkdf2Params struct {
	Salt           []byte
	Iterations     int
	KeyLengthBytes int                      `asn1:"optional"`
	HMAC           pkix.AlgorithmIdentifier `asn1:"optional"`
}

// maxKeyIterations bounds the time a key file can cost: some seconds.
const maxKeyIterations = 10_000_000

var (
	errWrongPassword = errors.New("the password does not fit the key")
	errNoPassword    = errors.New("the key is encrypted and no keyPassword is set")
)

// decryptPKCS8 returns the DER of the PKCS#8 key inside. Rare ways of encryption
// (RC2, scrypt) are refused with advice.
func decryptPKCS8(der []byte, password string) ([]byte, error) {
	if password == "" {
		return nil, errNoPassword
	}
	var outer encryptedPKCS8
	if err := unmarshalDER(der, &outer); err != nil {
		return nil, err
	}
	if plain, old, err := decryptPBES1(&outer, password); old {
		return plain, err
	}
	if oid := outer.Algorithm.Algorithm.String(); oid != "1.2.840.113549.1.5.13" {
		return nil, fmt.Errorf("encrypted with algorithm %s, not PBES2; %s", oid, opensslAdvice)
	}
	var params pbes2Params
	if err := unmarshalDER(outer.Algorithm.Parameters.FullBytes, &params); err != nil {
		return nil, err
	}
	newCipher, keyBytes, err := pkcs8Cipher(params.Encryption.Algorithm.String())
	if err != nil {
		return nil, err
	}
	key, err := params.deriveKey(password, keyBytes)
	if err != nil {
		return nil, err
	}
	block, err := newCipher(key)
	if err != nil {
		return nil, err
	}
	var iv []byte
	if err := unmarshalDER(params.Encryption.Parameters.FullBytes, &iv); err != nil {
		return nil, err
	}
	return decryptCBC(block, iv, outer.Data)
}

func pkcs8Cipher(oid string) (newCipher func(key []byte) (cipher.Block, error), keyBytes int, err error) {
	switch oid {
	case "2.16.840.1.101.3.4.1.2":
		return aes.NewCipher, 16, nil
	case "2.16.840.1.101.3.4.1.22":
		return aes.NewCipher, 24, nil
	case "2.16.840.1.101.3.4.1.42":
		return aes.NewCipher, 32, nil
	case "1.2.840.113549.3.7":
		return des.NewTripleDESCipher, 24, nil
	}
	return nil, 0, fmt.Errorf("encrypted with cipher %s; %s", oid, opensslAdvice)
}

func (p *pbes2Params) deriveKey(password string, keyBytes int) ([]byte, error) {
	if oid := p.KeyDerivation.Algorithm.String(); oid != "1.2.840.113549.1.5.12" {
		return nil, fmt.Errorf("key derivation %s, not PBKDF2; %s", oid, opensslAdvice)
	}
	var params pbkdf2Params
	if err := unmarshalDER(p.KeyDerivation.Parameters.FullBytes, &params); err != nil {
		return nil, err
	}
	if params.Iterations < 1 || params.Iterations > maxKeyIterations {
		return nil, fmt.Errorf("%d iterations, limit %d", params.Iterations, maxKeyIterations)
	}
	if n := params.KeyLengthBytes; n != 0 && n != keyBytes {
		return nil, fmt.Errorf("a derived key of %d bytes for a cipher that takes %d", n, keyBytes)
	}
	var h func() hash.Hash
	switch oid := params.HMAC.Algorithm.String(); oid {
	case "", "1.2.840.113549.2.7":
		h = sha1.New
	case "1.2.840.113549.2.8":
		h = sha256.New224
	case "1.2.840.113549.2.9":
		h = sha256.New
	case "1.2.840.113549.2.10":
		h = sha512.New384
	case "1.2.840.113549.2.11":
		h = sha512.New
	default:
		return nil, fmt.Errorf("PBKDF2 with HMAC %s; %s", oid, opensslAdvice)
	}
	return pbkdf2.Key(h, password, params.Salt, params.Iterations, keyBytes)
}

// decryptCBC decrypts data and takes the padding off.
func decryptCBC(block cipher.Block, iv, data []byte) ([]byte, error) {
	n := block.BlockSize()
	if len(iv) != n || len(data) == 0 || len(data)%n != 0 {
		return nil, fmt.Errorf("%d bytes with an IV of %d bytes do not fit blocks of %d", len(data), len(iv), n)
	}
	plain := make([]byte, len(data))
	cipher.NewCBCDecrypter(block, iv).CryptBlocks(plain, data)
	padding := int(plain[len(plain)-1])
	if padding < 1 || padding > n {
		return nil, errWrongPassword
	}
	for _, b := range plain[len(plain)-padding:] {
		if int(b) != padding {
			return nil, errWrongPassword
		}
	}
	return plain[:len(plain)-padding], nil
}

// unmarshalDER reads der, all of it, into v.
func unmarshalDER(der []byte, v any) error {
	rest, err := asn1.Unmarshal(der, v)
	if err == nil && len(rest) > 0 {
		err = errors.New("more bytes than one value")
	}
	if err != nil {
		return fmt.Errorf("encrypted PKCS#8 key: %w", err)
	}
	return nil
}
