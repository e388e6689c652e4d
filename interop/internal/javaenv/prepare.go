package javaenv

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
)

const stampFile = ".stamp"

// preparation of one version. dir is interop/java.
type preparation struct {
	dir, version string
	tools        tools
}

func (p *preparation) lib() string     { return filepath.Join(p.dir, "lib-"+p.version) }
func (p *preparation) classes() string { return filepath.Join(p.dir, "classes-"+p.version) }
func (p *preparation) pom() string     { return filepath.Join(p.dir, "pom-"+p.version+".xml") }

func (p *preparation) classPath() string {
	return p.classes() + string(filepath.ListSeparator) + filepath.Join(p.lib(), "*")
}

func (p *preparation) run() error {
	unlock, err := Lock("java-" + p.version)
	if err != nil {
		return err
	}
	defer unlock()
	if err := once(p.lib(), p.copyDependencies, p.pom()); err != nil {
		return fmt.Errorf("libraries of %s: %w", p.version, err)
	}
	sources, err := p.sources()
	if err != nil {
		return err
	}
	compile := func() error { return p.compile(sources) }
	if err := once(p.classes(), compile, append([]string{p.pom()}, sources...)...); err != nil {
		return fmt.Errorf("agent for %s: %w", p.version, err)
	}
	return nil
}

func (p *preparation) copyDependencies() error {
	return command(p.dir, p.tools.mvn, "-q", "-B", "-f", p.pom(), "dependency:copy-dependencies", "-DoutputDirectory="+p.lib())
}

// sources are all of the agent's, but for the classes whose API the version does not have.
func (p *preparation) sources() ([]string, error) {
	if p.version == ToolsNG || p.version == ToolsDashboard {
		return p.consoleSources(), nil
	}
	trees := []string{"src"}
	if p.version != Client440 && p.version != Server440 {
		trees = append(trees, "src-litepull", "src-request")
	}
	if p.version == Server440 || p.version == Server497 {
		trees = append(trees, "src-mqadmin")
	}
	if p.version == Server497 {
		trees = append(trees, "src-admin")
	}
	var files []string
	for _, tree := range trees {
		found, err := filepath.Glob(filepath.Join(p.dir, tree, "io", "boostermq", "interop", "*.java"))
		if err != nil {
			return nil, err
		}
		files = append(files, found...)
	}
	slices.Sort(files)
	return files, nil
}

// consoleSources are those of the consoles, whose versions do not have what the others need.
func (p *preparation) consoleSources() []string {
	files := []string{filepath.Join(p.dir, "src-console", "io", "boostermq", "interop", "Consoles.java")}
	for _, class := range []string{"Agent", "Args", "Compat", "Json", "Messages"} {
		files = append(files, filepath.Join(p.dir, "src", "io", "boostermq", "interop", class+".java"))
	}
	return files
}

func (p *preparation) compile(sources []string) error {
	args := []string{"-nowarn", "-Xlint:-options", "--release", "11", "-encoding", "UTF-8",
		"-d", p.classes(), "-cp", filepath.Join(p.lib(), "*")}
	return command(p.dir, p.tools.javac, append(args, sources...)...)
}

// once runs fill on an emptied dir, unless the last success there had the same inputs.
func once(dir string, fill func() error, inputs ...string) error {
	want, err := hash(inputs)
	if err != nil {
		return err
	}
	stamp := filepath.Join(dir, stampFile)
	if have, err := os.ReadFile(stamp); err == nil && string(have) == want {
		return nil
	}
	if err := os.RemoveAll(dir); err != nil {
		return err
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	if err := fill(); err != nil {
		return err
	}
	return os.WriteFile(stamp, []byte(want), 0o644)
}

func hash(files []string) (string, error) {
	h := sha256.New()
	for _, f := range files {
		b, err := os.ReadFile(f)
		if err != nil {
			return "", err
		}
		fmt.Fprintf(h, "%s %d\n", filepath.Base(f), len(b))
		h.Write(b)
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}

func command(dir, program string, args ...string) error {
	c := exec.Command(program, args...)
	c.Dir = dir
	if out, err := c.CombinedOutput(); err != nil {
		return fmt.Errorf("%s %s: %w\n%s", filepath.Base(program), strings.Join(args, " "), err, out)
	}
	return nil
}

// Lock keeps other processes of this machine from preparing the same thing at the same time.
func Lock(name string) (unlock func(), err error) {
	dir, err := CacheDir()
	if err != nil {
		return nil, err
	}
	f, err := os.OpenFile(filepath.Join(dir, name+".lock"), os.O_CREATE|os.O_RDWR, 0o644)
	if err != nil {
		return nil, err
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX); err != nil {
		return nil, fmt.Errorf("lock %s: %w", f.Name(), err)
	}
	return func() { _ = f.Close() }, nil // closing releases the lock
}
