package main

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/boostermq/booster/codec"
)

// server is one running name server + broker pair of either kind.
type server struct {
	kind       string // "java", "booster" or "floor"
	processes  []*exec.Cmd
	brokerPID  int
	namesrv    string
	broker     string
	startUp    time.Duration // from the first exec until a client could send
	afterStart int64         // private bytes of both processes right after start
}

// settings is what both kinds are started with.
type settings struct {
	dir       string // scratch, one folder a start
	flushDisk string // ASYNC_FLUSH or SYNC_FLUSH
	basePort  int
}

// launcher builds the command lines of one kind.
type launcher interface {
	kind() string
	namesrvCmd(conf, home string) *exec.Cmd
	brokerCmd(namesrv, conf, home string) *exec.Cmd
}

// start runs a name server and a broker and waits until a topic route answers and the broker port accepts.
func start(l launcher, s settings) (*server, error) {
	home := filepath.Join(s.dir, l.kind()+"-"+strings.ToLower(s.flushDisk)+"-"+strconv.Itoa(s.basePort))
	if err := os.MkdirAll(filepath.Join(home, "conf"), 0o755); err != nil {
		return nil, err
	}
	nsPort, brokerPort := s.basePort, s.basePort+10
	nsConf, brokerConf := filepath.Join(home, "namesrv.conf"), filepath.Join(home, "broker.conf")
	if err := os.WriteFile(nsConf, fmt.Appendf(nil, "listenPort=%d\nkvConfigPath=%s/kvConfig.json\n", nsPort, home), 0o644); err != nil {
		return nil, err
	}
	text := fmt.Sprintf("brokerClusterName=DefaultCluster\nbrokerName=bench\nbrokerId=0\nlistenPort=%d\nbrokerIP1=127.0.0.1\nstorePathRootDir=%s/store\nstorePathCommitLog=%s/store/commitlog\nflushDiskType=%s\nautoCreateTopicEnable=true\n",
		brokerPort, home, home, s.flushDisk)
	if err := os.WriteFile(brokerConf, []byte(text), 0o644); err != nil {
		return nil, err
	}
	srv := &server{kind: l.kind(), namesrv: fmt.Sprintf("127.0.0.1:%d", nsPort), broker: fmt.Sprintf("127.0.0.1:%d", brokerPort)}
	began := time.Now()
	for i, cmd := range []*exec.Cmd{l.namesrvCmd(nsConf, home), l.brokerCmd(srv.namesrv, brokerConf, home)} {
		log, err := os.Create(filepath.Join(home, []string{"namesrv.out", "broker.out"}[i]))
		if err != nil {
			return nil, err
		}
		cmd.Stdout, cmd.Stderr = log, log
		if err := cmd.Start(); err != nil {
			srv.stop()
			return nil, err
		}
		srv.processes = append(srv.processes, cmd)
		addr := []string{srv.namesrv, srv.broker}[i]
		if err := waitPort(addr, 60*time.Second); err != nil {
			srv.stop()
			return nil, fmt.Errorf("%s: %w (see %s)", l.kind(), err, log.Name())
		}
	}
	srv.brokerPID = srv.processes[1].Process.Pid
	if err := waitRoute(srv.namesrv, 60*time.Second); err != nil {
		srv.stop()
		return nil, fmt.Errorf("%s: %w", l.kind(), err)
	}
	srv.startUp = time.Since(began)
	for _, p := range srv.processes {
		srv.afterStart += privateBytes(p.Process.Pid)
	}
	return srv, nil
}

// signal sends sig to both processes.
func (s *server) signal(sig syscall.Signal) {
	for _, p := range s.processes {
		if err := p.Process.Signal(sig); err != nil {
			fmt.Fprintf(os.Stderr, "bench: %s to %s: %v\n", sig, p.Path, err)
		}
	}
}

// stop ends both processes, the broker first, by their pids.
func (s *server) stop() {
	s.signal(syscall.SIGCONT)
	for i := len(s.processes) - 1; i >= 0; i-- {
		p := s.processes[i]
		if err := p.Process.Signal(syscall.SIGTERM); err != nil {
			continue // gone already
		}
		ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
		context.AfterFunc(ctx, func() {
			if ctx.Err() == context.DeadlineExceeded {
				if err := p.Process.Kill(); err != nil {
					fmt.Fprintln(os.Stderr, "bench:", err)
				}
			}
		})
		if err := p.Wait(); err != nil && s.kind != "java" { // a JVM ends 143 on SIGTERM
			fmt.Fprintf(os.Stderr, "bench: %s ended: %v\n", p.Path, err)
		}
		cancel()
	}
}

func waitPort(addr string, limit time.Duration) error {
	for deadline := time.Now().Add(limit); ; time.Sleep(time.Millisecond) {
		c, err := net.DialTimeout("tcp", addr, time.Second)
		if err == nil {
			return c.Close()
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("nothing listens on %s after %s", addr, limit)
		}
	}
}

// waitRoute asks for the template topic until the name server knows a broker for it.
func waitRoute(namesrv string, limit time.Duration) error {
	t, err := newTemplate(&codec.Command{Code: codec.GetRouteInfoByTopic, Ext: codec.Fields{{Key: "topic", Value: "TBW102"}}})
	if err != nil {
		return err
	}
	c, err := dial(namesrv)
	if err != nil {
		return err
	}
	defer c.Close()
	for deadline := time.Now().Add(limit); time.Now().Before(deadline); time.Sleep(time.Millisecond) {
		if _, err := c.Write(t.appendTo(nil, 0)); err != nil {
			return err
		}
		a, err := c.read()
		if err != nil {
			return err
		}
		if a.code == int(codec.Success) {
			return nil
		}
	}
	return fmt.Errorf("no route at %s after %s", namesrv, limit)
}

// cpuOf is the processor time (user and system) that pid has used, from the scheduler's own accounting in ticks of 10 ms.
func cpuOf(pid int) time.Duration {
	data, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0
	}
	rest := data[bytes.LastIndexByte(data, ')')+2:]
	f := strings.Fields(string(rest))
	user, err1 := strconv.ParseInt(f[11], 10, 64)
	system, err2 := strconv.ParseInt(f[12], 10, 64)
	if err1 != nil || err2 != nil {
		return 0
	}
	return time.Duration(user+system) * 10 * time.Millisecond
}

// privateBytes is what pid holds in anonymous memory: heap, stacks, JIT; mapped files are not counted.
func privateBytes(pid int) int64 { return statusBytes(pid, "RssAnon:") }

// residentBytes is all of pid that is in memory, mapped files included.
func residentBytes(pid int) int64 { return statusBytes(pid, "VmRSS:") }

func statusBytes(pid int, key string) int64 {
	f, err := os.Open(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0
	}
	defer f.Close()
	for lines := bufio.NewScanner(f); lines.Scan(); {
		if rest, ok := strings.CutPrefix(lines.Text(), key); ok {
			kib, err := strconv.ParseInt(strings.Fields(rest)[0], 10, 64)
			if err != nil {
				return 0
			}
			return kib << 10
		}
	}
	return 0
}
