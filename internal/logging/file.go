package logging

import (
	"os"
	"path/filepath"
	"time"

	"gopkg.in/natefinch/lumberjack.v2"
)

// A file is turned over at midnight and when it is full; what was turned over
// is compressed, <name>-<time>.log.gz, and goes after keptDays.
const (
	maxFileMiB = 128
	keptFiles  = 30
	keptDays   = 14
)

// file is one log file. Only the writer's goroutine uses it.
type file struct {
	out lumberjack.Logger
	now func() time.Time
	day string // of the lines in the file; "" = not known yet
}

func newFile(dir, name string, now func() time.Time) *file {
	return &file{now: now, out: lumberjack.Logger{
		Filename: filepath.Join(dir, name+".log"), MaxSize: maxFileMiB, MaxBackups: keptFiles, MaxAge: keptDays,
		LocalTime: true, Compress: true,
	}}
}

// Write appends p; the first line of a day begins a new file.
func (f *file) Write(p []byte) (int, error) {
	today := f.now().Format(time.DateOnly)
	if f.day == "" {
		f.day = f.lastDay(today)
	}
	if f.day != today {
		if err := f.out.Rotate(); err != nil {
			return 0, err
		}
		f.day = today
	}
	return f.out.Write(p)
}

// lastDay is the day a file of an earlier run was last written.
func (f *file) lastDay(today string) string {
	info, err := os.Stat(f.out.Filename)
	if err != nil {
		return today // a new file, or one that the write will complain of
	}
	return info.ModTime().In(f.now().Location()).Format(time.DateOnly)
}

// Close implements io.Closer.
func (f *file) Close() error { return f.out.Close() }
