package cluster

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"

	"github.com/boostermq/booster/interop/internal/javaenv"
	"github.com/boostermq/booster/interop/internal/process"
)

// role is which server; the text is Booster's subcommand and the log's name.
type role string

const (
	roleNamesrv role = "namesrv"
	roleBroker  role = "broker"
	roleDev     role = "dev"
)

func launch(kind Kind, r role, dir string, args, env []string) (*process.Process, error) {
	switch kind {
	case Java:
		return launchJava(javaenv.Server497, r, dir, args, env)
	case Java440:
		return launchJava(javaenv.Server440, r, dir, args, env)
	}
	program, err := BoosterProgram()
	if err != nil {
		return nil, err
	}
	return process.Start(process.Options{
		Name:    "booster-" + string(r),
		Command: append([]string{program, string(r)}, args...),
		Dir:     dir,
		Env:     append(append(javaenv.CleanEnviron(), "HOME="+dir), env...),
	})
}

func launchJava(version string, r role, dir string, args, env []string) (*process.Process, error) {
	java, err := javaenv.Prepare(version)
	if err != nil {
		return nil, err
	}
	main, flags := javaenv.MainNamesrv, []string{"-Xms64m", "-Xmx128m"}
	if r == roleBroker {
		main, flags = javaenv.MainBroker, []string{"-Xms128m", "-Xmx384m", "-XX:MaxDirectMemorySize=512m"}
	}
	return process.Start(process.Options{
		Name:    "java-" + string(r),
		Command: java.Command(dir, flags, main, args...),
		Dir:     dir,
		Env:     append(java.Environ(dir), env...),
	})
}

// BoosterProgram builds cmd/booster once a process and returns its path; INTEROP_BOOSTER names a built one to use instead.
func BoosterProgram() (string, error) { return boosterProgram() }

var boosterProgram = sync.OnceValues(func() (string, error) {
	if built := os.Getenv("INTEROP_BOOSTER"); built != "" {
		return built, nil
	}
	root, err := javaenv.Root()
	if err != nil {
		return "", err
	}
	cache, err := javaenv.CacheDir()
	if err != nil {
		return "", err
	}
	unlock, err := javaenv.Lock("booster")
	if err != nil {
		return "", err
	}
	defer unlock()
	program := filepath.Join(cache, "booster")
	build := exec.Command("go", "build", "-o", program, "./cmd/booster")
	build.Dir = root
	if out, err := build.CombinedOutput(); err != nil {
		return "", fmt.Errorf("build cmd/booster: %w\n%s", err, out)
	}
	return program, nil
})
