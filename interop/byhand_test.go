package interop

import (
	"encoding/binary"
	"encoding/json"
	"io"
	"net"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// handAnswer is what comes back to callByHand.
type handAnswer struct {
	Code      int
	Remark    string
	ExtFields map[string]string
}

// callByHand sends one request without a body, which no client of the suite would, on a connection of its own. It does not
// believe the codec it helps to test.
func callByHand(t *testing.T, addr string, code int, ext map[string]string) (answer handAnswer) {
	t.Helper()
	header, err := json.Marshal(map[string]any{"code": code, "flag": 0, "language": "JAVA", "opaque": 1, "version": 399,
		"serializeTypeCurrentRPC": "JSON", "extFields": ext})
	require.NoError(t, err)
	conn, err := net.Dial("tcp", addr)
	require.NoError(t, err)
	defer conn.Close()
	require.NoError(t, conn.SetDeadline(time.Now().Add(awaitTimeout)))
	frame := binary.BigEndian.AppendUint32(nil, uint32(4+len(header)))
	frame = binary.BigEndian.AppendUint32(frame, uint32(len(header))) // top byte 0: a JSON header
	_, err = conn.Write(append(frame, header...))
	require.NoError(t, err)
	var lengths struct{ Frame, Header uint32 }
	require.NoError(t, binary.Read(conn, binary.BigEndian, &lengths))
	require.LessOrEqual(t, lengths.Frame, uint32(1<<20))
	text := make([]byte, lengths.Frame-4)
	_, err = io.ReadFull(conn, text)
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(text[:lengths.Header&0xFFFFFF], &answer))
	return answer
}
