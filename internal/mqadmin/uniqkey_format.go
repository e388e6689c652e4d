package mqadmin

import (
	"crypto/rand"
	"encoding/binary"
	"encoding/hex"
	"net"
	"os"
	"strings"
	"sync/atomic"
	"time"
)

// The id a producer gives a message, property UNIQ_KEY, as 32 upper-case hex
// digits (Java: MessageClientIDSetter). Tools read address and time out of it.
//
//	 0         4        6               10                     14         16
//	+---------+--------+---------------+----------------------+----------+
//	| address | pid    | of the        | ms since the first   | counter  |
//	| IPv4    | & FFFF | process       | of the month         |          |
//	+---------+--------+---------------+----------------------+----------+
type uniqKeys struct {
	prefix  [10]byte
	counter atomic.Uint32
}

func newUniqKeys() *uniqKeys {
	k := &uniqKeys{}
	copy(k.prefix[0:4], localIPv4())
	binary.BigEndian.PutUint16(k.prefix[4:6], uint16(os.Getpid()))
	_, _ = rand.Read(k.prefix[6:10]) // never fails; Java has the hash of a class loader here
	return k
}

// next returns an id that no other message of this process has.
func (k *uniqKeys) next(now time.Time) string {
	month := time.Date(now.Year(), now.Month(), 1, 0, 0, 0, 0, now.Location())
	id := append(make([]byte, 0, 16), k.prefix[:]...)
	id = binary.BigEndian.AppendUint32(id, uint32(now.Sub(month).Milliseconds()))
	id = binary.BigEndian.AppendUint16(id, uint16(k.counter.Add(1)))
	return strings.ToUpper(hex.EncodeToString(id))
}

// localIPv4 returns the first address that others may know this host by.
func localIPv4() net.IP {
	addrs, err := net.InterfaceAddrs()
	if err == nil {
		for _, addr := range addrs {
			if n, ok := addr.(*net.IPNet); ok && !n.IP.IsLoopback() && n.IP.To4() != nil {
				return n.IP.To4()
			}
		}
	}
	return net.IPv4(127, 0, 0, 1).To4()
}
