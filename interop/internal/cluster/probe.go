package cluster

import (
	"crypto/tls"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"strings"
	"time"
)

// The probe writes its one frame by hand: it must not believe the codec it helps to test.
const (
	getBrokerClusterInfo = 106
	probeTimeout         = 3 * time.Second
	maxProbeFrameBytes   = 1 << 20
)

func knows(namesrv, brokerAddr string, secure *tls.Config) bool {
	info, err := clusterInfo(namesrv, secure)
	return err == nil && strings.Contains(info, `"`+brokerAddr+`"`)
}

// clusterInfo asks a name server which brokers it knows and returns the frame of the answer as text. An empty cluster is an
// answer too.
// With secure it asks through TLS.
func clusterInfo(addr string, secure *tls.Config) (string, error) {
	conn, err := net.DialTimeout("tcp", addr, probeTimeout)
	if err != nil {
		return "", err
	}
	defer conn.Close()
	if secure != nil {
		conn = tls.Client(conn, secure)
	}
	if err := conn.SetDeadline(time.Now().Add(probeTimeout)); err != nil {
		return "", err
	}
	header := fmt.Sprintf(`{"code":%d,"flag":0,"language":"JAVA","opaque":1,"serializeTypeCurrentRPC":"JSON","version":399}`, getBrokerClusterInfo)
	frame := binary.BigEndian.AppendUint32(nil, uint32(4+len(header)))
	frame = binary.BigEndian.AppendUint32(frame, uint32(len(header))) // top byte 0: a JSON header
	if _, err := conn.Write(append(frame, header...)); err != nil {
		return "", err
	}
	var length [4]byte
	if _, err := io.ReadFull(conn, length[:]); err != nil {
		return "", err
	}
	n := binary.BigEndian.Uint32(length[:])
	if n > maxProbeFrameBytes {
		return "", fmt.Errorf("answer of %d bytes", n)
	}
	answer := make([]byte, n)
	_, err = io.ReadFull(conn, answer)
	return string(answer), err
}
