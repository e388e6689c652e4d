package process

import (
	"bytes"
	"os"
	"sync"
)

// tailBytes is how much output an error message repeats.
const tailBytes = 4096

// logFile keeps output in a file for people and in memory for waiting.
type logFile struct {
	mu   sync.Mutex
	file *os.File
	all  bytes.Buffer
}

func openLog(path string) (*logFile, error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	return &logFile{file: f}, err
}

// Write implements io.Writer.
func (l *logFile) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.all.Write(b)
	return l.file.Write(b)
}

// Close implements io.Closer; the memory stays.
func (l *logFile) Close() error { return l.file.Close() }

func (l *logFile) text() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.all.String()
}

func (l *logFile) tail() string {
	t := l.text()
	if len(t) > tailBytes {
		t = "…" + t[len(t)-tailBytes:]
	}
	return "--- output, see " + l.file.Name() + "\n" + t
}

// lineWriter cuts what is written into lines. exec.Cmd writes from one goroutine.
type lineWriter struct {
	each func(line []byte)
	rest []byte
}

// Write implements io.Writer.
func (w *lineWriter) Write(b []byte) (int, error) {
	w.rest = append(w.rest, b...)
	for {
		i := bytes.IndexByte(w.rest, '\n')
		if i < 0 {
			return len(b), nil
		}
		w.each(w.rest[:i])
		w.rest = w.rest[i+1:]
	}
}
