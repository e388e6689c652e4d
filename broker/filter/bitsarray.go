package filter

// BitsArray is an array of bits (Java: BitsArray): bit p is bit p%8, counted
// from the low end, of byte p/8.
type BitsArray []byte

// NewBitsArray returns an array of at least bitLength bits, all unset.
func NewBitsArray(bitLength int) BitsArray { return make(BitsArray, (bitLength+7)/8) }

// BitLength is the number of bits.
func (b BitsArray) BitLength() int { return len(b) * 8 }

// Bit tells whether bit p is set; a bit outside is not.
func (b BitsArray) Bit(p int) bool {
	return p >= 0 && p < b.BitLength() && b[p/8]&(1<<(p%8)) != 0
}

// SetBit sets bit p, or unsets it. A bit outside is left alone.
func (b BitsArray) SetBit(p int, set bool) {
	if p < 0 || p >= b.BitLength() {
		return
	}
	if set {
		b[p/8] |= 1 << (p % 8)
	} else {
		b[p/8] &^= 1 << (p % 8)
	}
}
