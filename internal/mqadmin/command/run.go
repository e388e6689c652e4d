package command

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"path/filepath"
	"strings"

	"github.com/boostermq/booster/internal/mqadmin"
	"github.com/boostermq/booster/remoting"
)

// Env is what the commands have of the world.
type Env struct {
	Out, Err io.Writer
	Getenv   func(key string) string
	Property func(key string) string // of -Dkey=value, as Java's system properties
	TLS      *remoting.TLSConfig
	Dial     func(ctx context.Context, addr string) (net.Conn, error) // nil: TCP
}

// Call is one command being run.
type Call struct {
	Args
	Admin   *mqadmin.Admin
	command *Command
	env     Env
	err     error // the first of printing
}

// printf prints to standard output.
func (c *Call) printf(format string, args ...any) {
	if _, err := fmt.Fprintf(c.env.Out, format, args...); err != nil && c.err == nil {
		c.err = fmt.Errorf("standard output: %w", err)
	}
}

// warn says what went wrong without ending the command.
func (c *Call) warn(err error) { c.command.failed(err, c.env) }

// errUsage is returned by a command whose options do not say enough: the
// usage is printed, as Java does without a further word.
var errUsage = errors.New("more options are needed")

// Run executes mqadmin with the words after its name and returns the exit status.
func Run(ctx context.Context, words []string, env Env) int {
	if len(words) == 0 {
		listCommands(env.Out)
		return 0
	}
	if words[0] == "help" || words[0] == "-h" || words[0] == "--help" {
		return help(words[1:], env)
	}
	c, ok := find(words[0])
	if !ok {
		return unknown(words[0], env)
	}
	args, err := c.parse(words[1:])
	switch {
	case err != nil:
		c.writeUsage(env.Out)
		return c.failed(err, env)
	case args.Has("h"):
		c.writeUsage(env.Out)
		return 0
	}
	if err := c.run(ctx, args, env); err != nil {
		if errors.Is(err, errUsage) {
			c.writeUsage(env.Out)
		}
		return c.failed(err, env)
	}
	return 0
}

func help(words []string, env Env) int {
	if len(words) == 0 {
		listCommands(env.Out)
		return 0
	}
	c, ok := find(words[0])
	if !ok {
		return unknown(words[0], env)
	}
	c.writeUsage(env.Out)
	return 0
}

func unknown(name string, env Env) int {
	fmt.Fprintf(env.Err, "The sub command %s not exist.\n", name)
	listCommands(env.Out)
	return 1
}

// failed says in one line per cause what went wrong.
func (c *Command) failed(err error, env Env) int {
	for line := range strings.Lines(err.Error()) {
		fmt.Fprintf(env.Err, "mqadmin %s: %s\n", c.Name, strings.TrimSpace(line))
	}
	return 1
}

// run executes c with a client of its own.
func (c *Command) run(ctx context.Context, args Args, env Env) error {
	servers, err := mqadmin.ParseNameServers(args.Text("n", nameServers(env)))
	if err != nil {
		return err
	}
	credentials, err := credentials(env)
	if err != nil {
		return err
	}
	admin := mqadmin.New(mqadmin.Config{NameServers: servers, Credentials: credentials, TLS: env.TLS, Dial: env.Dial})
	defer admin.Close()
	call := &Call{Args: args, Admin: admin, command: c, env: env}
	return errors.Join(c.Run(ctx, call), call.err)
}

// nameServers is what counts without -n: the property, then the environment.
func nameServers(env Env) string {
	if text := env.Property("rocketmq.namesrv.addr"); text != "" {
		return text
	}
	return env.Getenv("NAMESRV_ADDR")
}

// credentials reads conf/tools.yml of the installation.
func credentials(env Env) (*mqadmin.Credentials, error) {
	home := env.Property("rocketmq.home.dir")
	if home == "" {
		home = env.Getenv("ROCKETMQ_HOME")
	}
	if home == "" {
		return nil, nil
	}
	return mqadmin.LoadCredentials(filepath.Join(home, "conf", "tools.yml"))
}
