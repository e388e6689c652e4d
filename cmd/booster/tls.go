package main

import (
	"fmt"
	"log/slog"
	"os"

	"github.com/boostermq/booster/internal/properties"
	"github.com/boostermq/booster/remoting"
)

// loadTLS takes the TLS settings from system properties, then from the file they
// name.
func loadTLS(log *slog.Logger) (*remoting.TLSConfig, error) {
	tls := remoting.DefaultTLSConfig()
	options := readJavaOptions(os.Getenv)
	unknown, err := properties.Apply(options.withPrefix("tls."), &tls)
	warnUnknown(log, "JAVA_OPT", unknown)
	if err != nil {
		return nil, fmt.Errorf("JAVA_OPT: %w", err)
	}
	return &tls, tls.LoadFile(func(text []byte, config any) error {
		pairs, err := properties.Parse(text)
		if err != nil {
			return err
		}
		unknown, err := properties.Apply(pairs, config)
		warnUnknown(log, tls.ConfigFile, unknown)
		return err
	})
}
