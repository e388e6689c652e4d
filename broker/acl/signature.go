package acl

import (
	"crypto/hmac"
	"crypto/sha1"
	"crypto/subtle"
	"encoding/base64"
	"hash"
	"slices"
	"strings"
	"sync"

	"github.com/boostermq/booster/codec"
)

const (
	signatureBytes   = 28 // 20 bytes of HMAC-SHA1 in Base64
	maxKeptTextBytes = 64 << 10
)

// signerPool keeps the signers of one account: each has the key's block hashed
// already, so that a request costs no allocation.
type signerPool struct{ pool sync.Pool }

func (p *signerPool) init(secretKey string) {
	key := []byte(secretKey)
	p.pool.New = func() any { return &signer{mac: hmac.New(sha1.New, key)} }
}

// signer computes the signature of one request at a time (Java: AclUtils.calSignature).
type signer struct {
	mac    hash.Hash
	text   []byte
	order  []int
	sum    []byte
	wanted [signatureBytes]byte
	given  []byte
}

// hasValidSignature tells whether the request is signed with the account's key.
// _UNIQUE_KEY_QUERY may be under the signature or not: Java's broker leaves it
// out, Java's clients of 4.9 sign it.
func (a *account) hasValidSignature(c *codec.Command) bool {
	signature, ok := c.Ext.Lookup(codec.ACLSignature)
	if !ok {
		return false
	}
	s := a.signers.pool.Get().(*signer)
	defer a.signers.pool.Put(s)
	s.given = append(s.given[:0], signature...)
	valid := s.matches(c, codec.UniqueMsgQueryFlag)
	if _, asked := c.Ext.Lookup(codec.UniqueMsgQueryFlag); asked && !valid {
		valid = s.matches(c, "")
	}
	if cap(s.text)+cap(s.given) > maxKeptTextBytes {
		s.text, s.given = nil, nil
	}
	return valid
}

// matches tells whether s.given is the signature of c without the field unsigned.
func (s *signer) matches(c *codec.Command, unsigned string) bool {
	s.sign(c, unsigned)
	return subtle.ConstantTimeCompare(s.wanted[:], s.given) == 1
}

// sign puts the signature that c should have into s.wanted: over the values of
// the ext fields but unsigned in the order of their keys, then the body as it is.
func (s *signer) sign(c *codec.Command, unsigned string) {
	s.appendValues(c.Ext, unsigned)
	s.mac.Reset()
	s.mac.Write(s.text)
	s.mac.Write(c.Body)
	s.sum = s.mac.Sum(s.sum[:0])
	base64.StdEncoding.Encode(s.wanted[:], s.sum)
}

// appendValues fills s.text. Of equal keys the last counts, as everywhere. Keys
// are compared by bytes; Java's order differs beyond U+FFFF only.
func (s *signer) appendValues(f codec.Fields, unsigned string) {
	s.order = s.order[:0]
	for i := range f {
		if k := f[i].Key; k != codec.ACLSignature && k != unsigned {
			s.order = append(s.order, i)
		}
	}
	slices.SortFunc(s.order, func(a, b int) int {
		if c := strings.Compare(f[a].Key, f[b].Key); c != 0 {
			return c
		}
		return a - b
	})
	s.text = s.text[:0]
	for n, i := range s.order {
		if n+1 < len(s.order) && f[s.order[n+1]].Key == f[i].Key {
			continue
		}
		s.text = append(s.text, f[i].Value...)
	}
}
