package logging

import (
	"fmt"
	"log/slog"
)

// Config holds the settings of the log files. RocketMQ has them in
// conf/logback_*.xml; here they stand in broker.conf and namesrv.conf.
type Config struct {
	Dir    string `prop:"logDir"`    // "" = <user home>/logs/rocketmqlogs, "none" = no files
	Level  string `prop:"logLevel"`  // of the files: debug, info, warn, error
	Format string `prop:"logFormat"` // of files and console: text or json
}

// NoFiles as Config.Dir means that no log files are written.
const NoFiles = "none"

// DefaultConfig has the level of Java's logback files.
func DefaultConfig() Config { return Config{Level: "info", Format: formatText} }

const (
	formatText = "text"
	formatJSON = "json"
)

// Validate reports values that mean nothing.
func (c *Config) Validate() error {
	if _, err := ParseLevel(c.Level); err != nil {
		return fmt.Errorf("logLevel=%s: %w", c.Level, err)
	}
	if c.Format != formatText && c.Format != formatJSON {
		return fmt.Errorf("logFormat=%s: want text or json", c.Format)
	}
	return nil
}

// ParseLevel reads debug, info, warn or error.
func ParseLevel(text string) (slog.Level, error) {
	var level slog.Level
	if err := level.UnmarshalText([]byte(text)); err != nil {
		return 0, fmt.Errorf("want debug, info, warn or error")
	}
	return level, nil
}
