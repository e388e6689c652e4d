package main

import (
	"context"
	"os"
	"os/exec"
	"time"

	"github.com/boostermq/booster/codec"
	"github.com/boostermq/booster/remoting"
)

// floorAddr is where the answering process listens.
const floorAddr = "127.0.0.1:21300"

// measureFloor sends at the fixed rate to a process that stores nothing: the tail this machine gives to Booster's remoting alone.
func measureFloor(d time.Duration) (result, error) {
	self, err := os.Executable()
	if err != nil {
		return result{}, err
	}
	cmd := exec.Command(self, "-answer", floorAddr)
	cmd.Stdout, cmd.Stderr = os.Stderr, os.Stderr
	if err := cmd.Start(); err != nil {
		return result{}, err
	}
	s := &server{kind: "floor", processes: []*exec.Cmd{cmd}, broker: floorAddr}
	defer s.stop()
	if err := waitPort(s.broker, 10*time.Second); err != nil {
		return result{}, err
	}
	return sendAtRate(s, "Floor", d)
}

// serveAnswers says success to each request at addr and does nothing else, until ctx is done.
func serveAnswers(ctx context.Context, addr string) error {
	routes := remoting.NewRouteTable()
	routes.SetDefault(remoting.Route{Process: func(r *remoting.Request) { r.ReplyCode(codec.Success, "") }})
	s := remoting.NewServer(remoting.ServerConfig{Addrs: []string{addr}, Routes: func(int) *remoting.RouteTable { return routes }})
	if err := s.Start(); err != nil {
		return err
	}
	<-ctx.Done()
	return s.Shutdown(context.Background())
}
