package main

import (
	"fmt"
	"os/exec"

	"github.com/boostermq/booster/interop/internal/javaenv"
)

func newLauncher(kind string) (launcher, error) {
	switch kind {
	case "booster":
		return boosterLauncher{}, nil
	case "java":
		return newJavaLauncher()
	}
	return nil, fmt.Errorf("kind %q: want booster or java", kind)
}

// boosterLauncher starts the binary that make build leaves.
type boosterLauncher struct{}

func (boosterLauncher) kind() string { return "booster" }

func (boosterLauncher) namesrvCmd(conf, _ string) *exec.Cmd {
	return exec.Command("bin/booster", "namesrv", "-c", conf)
}

func (boosterLauncher) brokerCmd(namesrv, conf, _ string) *exec.Cmd {
	return exec.Command("bin/booster", "broker", "-n", namesrv, "-c", conf)
}

// javaLauncher starts the 4.9.7 servers with G1 and all compilers, as the official scripts do, heaps fit for the machine.
type javaLauncher struct{ env *javaenv.Env }

func newJavaLauncher() (launcher, error) {
	env, err := javaenv.Prepare(javaenv.Server497)
	if err != nil {
		return nil, err
	}
	return javaLauncher{env}, nil
}

func (javaLauncher) kind() string { return "java" }

func (l javaLauncher) namesrvCmd(conf, home string) *exec.Cmd {
	return l.command(home, []string{"-Xmx512m", "-Xms512m"}, javaenv.MainNamesrv, "-c", conf)
}

func (l javaLauncher) brokerCmd(namesrv, conf, home string) *exec.Cmd {
	return l.command(home, []string{"-Xmx2g", "-Xms2g", "-XX:MaxDirectMemorySize=1g"}, javaenv.MainBroker, "-n", namesrv, "-c", conf)
}

func (l javaLauncher) command(home string, heap []string, main string, args ...string) *exec.Cmd {
	flags := append([]string{"-XX:TieredStopAtLevel=4", "-XX:-UseSerialGC", "-XX:+UseG1GC"}, heap...)
	line := l.env.Command(home, flags, main, args...)
	cmd := exec.Command(line[0], line[1:]...)
	cmd.Env = l.env.Environ(home)
	return cmd
}
