package acl

// Perm is what an account may do with a topic or a group, or what a request
// needs: a set of bits (Java: Permission).
type Perm uint8

// Permissions. Deny wins over the others. Any is only ever needed, never owned:
// Pub or Sub will do.
const (
	Deny Perm = 1
	Any  Perm = 2
	Pub  Perm = 4
	Sub  Perm = 8
)

// allows tells whether an owner of p may do what needs need.
func (p Perm) allows(need Perm) bool {
	if p&Deny != 0 {
		return false
	}
	if need&Any != 0 {
		return p&(Pub|Sub) != 0
	}
	return p&need != 0
}

// parsePerm reads a permission of a file; ok is false for what 4.9.8 takes as DENY.
func parsePerm(text string) (p Perm, ok bool) {
	switch text {
	case "PUB":
		return Pub, true
	case "SUB":
		return Sub, true
	case "PUB|SUB", "SUB|PUB":
		return Pub | Sub, true
	case "DENY":
		return Deny, true
	}
	return Deny, false
}
