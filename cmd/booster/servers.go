package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"

	"github.com/spf13/cobra"
)

// The roles a process of this program can have.
const (
	roleNamesrv = "namesrv"
	roleBroker  = "broker"
	roleDev     = "dev"
)

// server is a running process of this program.
type server struct {
	pid  int
	role string
	args []string // its options
	cwd  string
}

// runningServers finds the processes that run this very program as a server,
// whatever script or link started them. Processes of other containers run
// another file and are not seen.
func runningServers() ([]server, error) {
	self, err := os.Stat("/proc/self/exe")
	if err != nil {
		return nil, fmt.Errorf("the running processes cannot be listed: %w", err)
	}
	entries, err := os.ReadDir("/proc")
	if err != nil {
		return nil, fmt.Errorf("the running processes cannot be listed: %w", err)
	}
	var found []server
	for _, e := range entries {
		pid, err := strconv.Atoi(e.Name())
		if err != nil || pid == os.Getpid() {
			continue
		}
		dir := filepath.Join("/proc", e.Name())
		if !sameProgram(self, dir) {
			continue
		}
		line, err := os.ReadFile(filepath.Join(dir, "cmdline"))
		if err != nil {
			continue // it has just ended
		}
		s := server{pid: pid}
		if s.role, s.args = roleOf(strings.Split(strings.TrimSuffix(string(line), "\x00"), "\x00")); s.role == "" {
			continue
		}
		s.cwd, _ = os.Readlink(filepath.Join(dir, "cwd")) // unknown: relative paths of its options are taken from here
		found = append(found, s)
	}
	slices.SortFunc(found, func(a, b server) int { return a.pid - b.pid })
	return found, nil
}

// sameProgram tells whether the process runs the file that this one runs, or
// ran it before the file was replaced by an upgrade.
func sameProgram(self os.FileInfo, dir string) bool {
	if other, err := os.Stat(filepath.Join(dir, "exe")); err != nil || os.SameFile(self, other) {
		return err == nil
	}
	mine, err1 := os.Readlink("/proc/self/exe")
	its, err2 := os.Readlink(filepath.Join(dir, "exe"))
	myRoot, err3 := os.Readlink("/proc/self/ns/mnt")
	itsRoot, err4 := os.Readlink(filepath.Join(dir, "ns", "mnt"))
	return errors.Join(err1, err2, err3, err4) == nil && its == mine+" (deleted)" && itsRoot == myRoot
}

// roleOf reads the role and its options from a command line.
func roleOf(args []string) (role string, options []string) {
	args = programArgs(args)
	switch scriptName(args[0]) {
	case "mqnamesrv":
		return roleNamesrv, args[1:]
	case "mqbroker":
		return roleBroker, args[1:]
	}
	if len(args) > 1 && slices.Contains([]string{roleNamesrv, roleBroker, roleDev}, args[1]) {
		return args[1], args[2:]
	}
	return "", nil
}

// shutdownCommand is RocketMQ's mqshutdown for the processes of this program.
func shutdownCommand() *cobra.Command {
	return &cobra.Command{
		Use:                "mqshutdown broker | namesrv",
		DisableFlagParsing: true,
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 || args[0] != roleBroker && args[0] != roleNamesrv {
				_, err := fmt.Fprintln(cmd.OutOrStdout(), "Useage: mqshutdown broker | namesrv") // Java's spelling
				return err
			}
			return shutdownServers(cmd.OutOrStdout(), args[0])
		},
	}
}

func shutdownServers(out io.Writer, role string) error {
	servers, err := runningServers()
	if err != nil {
		return err
	}
	servers = slices.DeleteFunc(servers, func(s server) bool { return s.role != role })
	if len(servers) == 0 {
		fmt.Fprintf(out, "No mq%s running.\n", role)
		return &exitError{exitFailure, nil}
	}
	pids := make([]string, len(servers))
	for i, s := range servers {
		pids[i] = strconv.Itoa(s.pid)
	}
	list := strings.Join(pids, " ")
	fmt.Fprintf(out, "The mq%s(%s) is running...\n", role, list)
	for _, s := range servers {
		if err := syscall.Kill(s.pid, syscall.SIGTERM); err != nil && !errors.Is(err, syscall.ESRCH) {
			return fmt.Errorf("mq%s(%d): %w", role, s.pid, err)
		}
	}
	_, err = fmt.Fprintf(out, "Send shutdown request to mq%s(%s) OK\n", role, list)
	return err
}
