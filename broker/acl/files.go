package acl

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

const (
	maxDirDepth = 16 // ends loops of symbolic links
	newFilePerm = 0o600
	newDirPerm  = 0o755
)

// fileText is one ACL file as it was read.
type fileText struct {
	path string
	text []byte
}

// readFiles reads all ACL files in the order in which their accounts win: those
// below conf/acl by path, then the default file, as in Java.
func (m *Manager) readFiles() ([]fileText, error) {
	paths, err := m.listDir(filepath.Join(m.home, aclDir), nil, 0)
	if err != nil {
		return nil, err
	}
	slices.Sort(paths)
	paths = slices.DeleteFunc(paths, func(p string) bool { return p == m.plainPath })
	paths = append(paths, m.plainPath)
	var files []fileText
	for _, path := range paths {
		text, err := m.readFile(path)
		if errors.Is(err, fs.ErrNotExist) {
			continue // gone since it was listed; the default file need not be there
		}
		if err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
		files = append(files, fileText{path, text})
	}
	return files, nil
}

// listDir appends the ACL files below dir. Names that begin with a dot are not
// for us: editors and volume mounts keep copies there.
func (m *Manager) listDir(dir string, paths []string, depth int) ([]string, error) {
	entries, err := m.opts.FS.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return paths, nil
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", dir, err)
	}
	for _, e := range entries {
		path := filepath.Join(dir, e.Name())
		if strings.HasPrefix(e.Name(), ".") || e.Name() == toolsFile {
			continue
		}
		info, err := m.opts.FS.Stat(path) // follows links
		switch {
		case errors.Is(err, fs.ErrNotExist):
		case err != nil:
			return nil, fmt.Errorf("%s: %w", path, err)
		case info.IsDir() && depth == maxDirDepth:
			return nil, &FileError{Path: path, Text: fmt.Sprintf("folders are nested deeper than %d", maxDirDepth)}
		case info.IsDir():
			if paths, err = m.listDir(path, paths, depth+1); err != nil {
				return nil, err
			}
		case isYAMLName(e.Name()) && info.Mode().IsRegular():
			paths = append(paths, path)
		}
	}
	return paths, nil
}

func isYAMLName(name string) bool {
	return strings.HasSuffix(name, ".yml") || strings.HasSuffix(name, ".yaml")
}

func (m *Manager) readFile(path string) (text []byte, err error) {
	f, err := m.opts.FS.OpenFile(path, os.O_RDONLY, 0)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	size, err := f.Size()
	if err != nil {
		return nil, err
	}
	text = make([]byte, min(size, maxFileBytes+1)) // one more: the parser refuses it
	n, err := f.ReadAt(text, 0)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	return text[:n], nil
}

// createPlainFile makes the default file, empty, when it is missing.
func (m *Manager) createPlainFile() error {
	_, err := m.opts.FS.Stat(m.plainPath)
	if !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	dir := filepath.Dir(m.plainPath)
	if err := m.opts.FS.MkdirAll(dir, newDirPerm); err != nil {
		return err
	}
	f, err := m.opts.FS.OpenFile(m.plainPath, os.O_CREATE|os.O_EXCL|os.O_RDWR, newFilePerm)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close(), m.opts.FS.SyncDir(dir))
}
