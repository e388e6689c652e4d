package main

import (
	"encoding/binary"
	"errors"
	"os"
	"os/exec"
	"time"

	"github.com/panjf2000/gnet/v2"

	"github.com/boostermq/booster/codec"
)

// floorAddr is where the answering process listens.
const floorAddr = "127.0.0.1:21300"

// measureFloor sends at the fixed rate to a process that stores nothing: the tail this machine gives to any broker.
func measureFloor(d time.Duration) (r result, err error) {
	list, err := sendTemplates("Floor", 128, 1)
	if err != nil {
		return result{}, err
	}
	self, err := os.Executable()
	if err != nil {
		return result{}, err
	}
	cmd := exec.Command(self, "-answer", floorAddr)
	cmd.Env = append(os.Environ(), "GNET_LOGGING_LEVEL=2") // errors
	cmd.Stdout, cmd.Stderr = os.Stderr, os.Stderr
	if err := cmd.Start(); err != nil {
		return result{}, err
	}
	defer func() {
		killed := cmd.Process.Kill()
		var ended *exec.ExitError
		if waited := cmd.Wait(); !errors.As(waited, &ended) { // of the signal, as it should
			err = errors.Join(err, waited)
		}
		err = errors.Join(err, killed)
	}()
	if err := waitPort(floorAddr, 10*time.Second); err != nil {
		return result{}, err
	}
	return openLoop(floorAddr, list, fixedRate, d, nil)
}

// answerer says success to each request and does nothing else.
type answerer struct {
	*gnet.BuiltinEventEngine
	out []byte // of the one loop
}

// serveAnswers serves addr until the process is ended.
func serveAnswers(addr string) error {
	return gnet.Run(&answerer{BuiltinEventEngine: &gnet.BuiltinEventEngine{}}, "tcp://"+addr)
}

// OnTraffic implements gnet.EventHandler.
func (a *answerer) OnTraffic(c gnet.Conn) gnet.Action {
	a.out = a.out[:0]
	for {
		head, err := c.Peek(4)
		if err != nil {
			break
		}
		frame, err := c.Peek(4 + int(binary.BigEndian.Uint32(head)))
		if err != nil {
			break
		}
		opaque := numberAfter(frame, `"opaque":`)
		if a.out, err = codec.AppendFrame(a.out, &codec.Command{Code: codec.Success, Flag: codec.FlagResponse, Opaque: int32(opaque)}); err != nil {
			return gnet.Close
		}
		if _, err := c.Discard(len(frame)); err != nil {
			return gnet.Close
		}
	}
	if _, err := c.Write(a.out); err != nil {
		return gnet.Close
	}
	return gnet.None
}
