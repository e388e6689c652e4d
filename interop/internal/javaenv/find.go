package javaenv

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// ErrMissing is wrapped by the error of Prepare when the machine has no JDK or no Maven.
var ErrMissing = errors.New("official Java programs cannot run here")

type tools struct{ java, javac, mvn string }

func findTools() (t tools, err error) {
	for _, p := range []struct {
		path                *string
		name, home, install string
	}{
		{&t.java, "java", "JAVA_HOME", "openjdk-17-jdk-headless"},
		{&t.javac, "javac", "JAVA_HOME", "openjdk-17-jdk-headless"},
		{&t.mvn, "mvn", "MAVEN_HOME", "maven"},
	} {
		*p.path, err = findTool(p.name, os.Getenv(p.home))
		if err != nil {
			return tools{}, fmt.Errorf("%w: %s is missing; install it with: apt-get install %s", ErrMissing, p.name, p.install)
		}
	}
	return t, nil
}

func findTool(name, home string) (string, error) {
	if home != "" {
		if path, err := exec.LookPath(filepath.Join(home, "bin", name)); err == nil {
			return path, nil
		}
	}
	return exec.LookPath(name)
}

// Root is the top folder of this repository, found upwards from the working directory.
func Root() (string, error) {
	start, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for dir := start; ; dir = filepath.Dir(dir) {
		mod, err := os.ReadFile(filepath.Join(dir, "go.mod"))
		if err == nil && bytes.HasPrefix(mod, []byte("module github.com/boostermq/booster\n")) {
			return dir, nil
		}
		if dir == filepath.Dir(dir) {
			return "", fmt.Errorf("no go.mod of github.com/boostermq/booster in or above %s", start)
		}
	}
}

// CacheDir is the git-ignored folder for built programs and locks.
func CacheDir() (string, error) {
	root, err := Root()
	if err != nil {
		return "", err
	}
	dir := filepath.Join(root, "interop", ".cache")
	return dir, os.MkdirAll(dir, 0o755)
}

func hasPrefix(s string, prefixes ...string) bool {
	for _, p := range prefixes {
		if strings.HasPrefix(s, p) {
			return true
		}
	}
	return false
}
