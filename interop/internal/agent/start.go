package agent

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/boostermq/booster/interop/internal/javaenv"
	"github.com/boostermq/booster/interop/internal/process"
)

// The clients there are.
const (
	Java440 = "java-4.4.0"
	Java497 = "java-4.9.7"
	Java533 = "java-5.3.3"
	Go212   = "go-2.1.2"
	// Java497Binary is 4.9.7 with its headers in the ROCKETMQ form instead of JSON.
	Java497Binary = "java-4.9.7-binary"
	// MQAdmin is the 4.9.7 tools, MQAdmin440 the 4.4.0 ones: op mqadmin.
	MQAdmin    = "mqadmin-4.9.7"
	MQAdmin440 = "mqadmin-4.4.0"
	// ConsoleNG and Dashboard are what rocketmq-console-ng 1.0.0 and rocketmq-dashboard 1.0.0 ask with: the tools 4.0.0 and
	// 4.9.0, ops console.*.
	ConsoleNG = "console-ng"
	Dashboard = "dashboard"
)

// tools are the kinds which have the libraries of the official tools.
var tools = map[string]string{MQAdmin: javaenv.Server497, MQAdmin440: javaenv.Server440, ConsoleNG: javaenv.ToolsNG, Dashboard: javaenv.ToolsDashboard}

// Kinds are all of them.
func Kinds() []string {
	return []string{Java440, Java497, Java533, Go212, Java497Binary, MQAdmin, MQAdmin440, ConsoleNG, Dashboard}
}

// Start starts the agent of that kind; what it writes goes below dir. The flags are for the virtual machine of a Java client.
func Start(kind, dir string, jvmFlags ...string) (*Agent, error) {
	if version, isTool := tools[kind]; isTool {
		return startJava(kind, version, filepath.Join(dir, kind), append([]string{"-Xms64m", "-Xmx256m", "-Djava.security.manager=allow"}, jvmFlags...))
	}
	if version, isJava := strings.CutPrefix(kind, "java-"); isJava {
		version, binary := strings.CutSuffix(version, "-binary")
		flags := append([]string{"-Xms64m", "-Xmx512m", "-Drocketmq.client.logLevel=WARN"}, jvmFlags...)
		if binary {
			flags = append(flags, "-Drocketmq.serialize.type=ROCKETMQ")
		}
		return startJava(kind, "client-"+version, filepath.Join(dir, kind), flags)
	}
	return startGo(kind, filepath.Join(dir, kind))
}

func startJava(kind, version, dir string, flags []string) (*Agent, error) {
	env, err := javaenv.Prepare(version)
	if err != nil {
		return nil, err
	}
	return start(kind, process.Options{
		Command: env.Command(dir, flags, javaenv.MainAgent),
		Dir:     dir,
		Env:     env.Environ(dir),
	})
}

func startGo(kind, dir string) (*Agent, error) {
	program, err := GoProgram()
	if err != nil {
		return nil, err
	}
	env := append(javaenv.CleanEnviron(), "HOME="+dir, "ROCKETMQ_GO_LOG_LEVEL=warn", "rocketmq.client.localOffsetStoreDir="+dir)
	return start(kind, process.Options{Command: []string{program}, Dir: dir, Env: env})
}

// StartGoIn starts the Go agent by a command line that ends in it, such as one that runs it in a container.
func StartGoIn(kind, dir string, command, env []string) (*Agent, error) {
	return start(kind, process.Options{Command: command, Dir: filepath.Join(dir, kind), Env: env})
}

// GoProgram builds the Go agent, a static program, and returns its path; the go command itself knows when there is nothing
// to do.
func GoProgram() (string, error) {
	root, err := javaenv.Root()
	if err != nil {
		return "", err
	}
	cache, err := javaenv.CacheDir()
	if err != nil {
		return "", err
	}
	unlock, err := javaenv.Lock("goclient")
	if err != nil {
		return "", err
	}
	defer unlock()
	program := filepath.Join(cache, "goclient")
	build := exec.Command("go", "build", "-o", program, ".")
	build.Dir = filepath.Join(root, "interop", "goclient")
	build.Env = append(os.Environ(), "CGO_ENABLED=0") // runs in a container without a C library too
	if out, err := build.CombinedOutput(); err != nil {
		return "", fmt.Errorf("build the Go agent: %w\n%s", err, out)
	}
	return program, nil
}
