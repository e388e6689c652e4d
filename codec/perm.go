package codec

// Bits of a topic's, queue's or broker's perm (Java: PermName).
const (
	PermInherit  int32 = 1
	PermWrite    int32 = 2
	PermRead     int32 = 4
	PermPriority int32 = 8
)

// IsReadable tells whether perm lets consumers read.
func IsReadable(perm int32) bool { return perm&PermRead != 0 }

// IsWriteable tells whether perm lets producers write.
func IsWriteable(perm int32) bool { return perm&PermWrite != 0 }

// IsInherited tells whether a topic with perm may serve as pattern for auto-created ones.
func IsInherited(perm int32) bool { return perm&PermInherit != 0 }

// PermString renders perm as Java does: "RW-", "---", "RWX" (X = inherit).
func PermString(perm int32) string {
	s := [3]byte{'-', '-', '-'}
	if IsReadable(perm) {
		s[0] = 'R'
	}
	if IsWriteable(perm) {
		s[1] = 'W'
	}
	if IsInherited(perm) {
		s[2] = 'X'
	}
	return string(s[:])
}
