package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"github.com/boostermq/booster/broker"
	"github.com/boostermq/booster/codec"
	"github.com/boostermq/booster/internal/vfs"
	"github.com/boostermq/booster/namesrv"
	"github.com/boostermq/booster/remoting"
)

// healthLimit bounds one look at one server.
const healthLimit = 3 * time.Second

func healthCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "health",
		Short: "Ask the servers of this program that run here whether they answer",
		Args:  cobra.NoArgs,
		RunE:  func(cmd *cobra.Command, _ []string) error { return checkHealth(cmd.Context(), cmd.OutOrStdout()) },
	}
}

// checkHealth sends each running server a request that costs it little. Any
// answer is health, a refusal by its ACL too.
func checkHealth(ctx context.Context, out io.Writer) error {
	servers, err := runningServers()
	if err != nil {
		return err
	}
	if len(servers) == 0 {
		return &exitError{exitUsage, errors.New("no name server and no broker runs here")}
	}
	for _, s := range servers {
		e, err := s.endpoint()
		if err == nil {
			err = e.ask(ctx)
		}
		if err != nil {
			return &exitError{exitUsage, fmt.Errorf("%s %d does not answer: %w", s.role, s.pid, err)}
		}
		fmt.Fprintf(out, "%s %d answers on %s\n", s.role, s.pid, e.addr)
	}
	return nil
}

// endpoint is where a server listens and what is asked there.
type endpoint struct {
	addr string
	code int32
}

// endpoint finds out from a server's options where it listens.
func (s *server) endpoint() (endpoint, error) {
	if s.role == roleDev {
		port, err := s.option(devCommand(), "namesrvPort")
		return endpoint{net.JoinHostPort("127.0.0.1", port), codec.GetBrokerClusterInfo}, err
	}
	path, err := s.option(brokerCommand(s.role), "configFile") // a name server has that option too
	if err != nil {
		return endpoint{}, err
	}
	if s.role == roleNamesrv {
		cfg, _, err := namesrv.LoadConfig(vfs.OS(), path, userHome(), os.Getenv)
		return endpoint{hostPort(cfg.Booster.BindAddress, cfg.Server.ListenPort), codec.GetBrokerClusterInfo}, err
	}
	cfg, _, err := loadBroker(path, func(*broker.Config) {})
	return endpoint{hostPort(cfg.Booster.BindAddress, cfg.Server.ListenPort), codec.GetBrokerRuntimeInfo}, err
}

// option is the value that the server's command line gives an option.
func (s *server) option(cmd *cobra.Command, name string) (string, error) {
	if err := cmd.ParseFlags(s.args); err != nil {
		return "", err
	}
	value := cmd.Flag(name).Value.String()
	if name == "configFile" && value != "" && !filepath.IsAbs(value) {
		value = filepath.Join(s.cwd, value)
	}
	return value, nil
}

func hostPort(host string, port int) string {
	if host == "" {
		host = "127.0.0.1"
	}
	return net.JoinHostPort(host, strconv.Itoa(port))
}

func (e endpoint) ask(ctx context.Context) error {
	tls, err := loadTLS(slog.New(slog.DiscardHandler))
	if err != nil {
		return err
	}
	tls.TestMode = true // whether it answers, not who it is
	client := remoting.NewClient(remoting.ClientConfig{UseTLS: tls.Mode == remoting.TLSEnforcing, TLS: tls})
	defer client.Close()
	ctx, cancel := context.WithTimeout(ctx, healthLimit)
	defer cancel()
	_, err = client.Invoke(ctx, e.addr, &codec.Command{Code: e.code})
	return err
}
