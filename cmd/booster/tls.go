package main

import (
	"fmt"
	"log/slog"
	"slices"
	"strings"

	"github.com/boostermq/booster/internal/properties"
	"github.com/boostermq/booster/remoting"
)

// loadTLS takes the TLS settings from where Java's scripts get system
// properties (-Dkey=value in JAVA_OPT and JAVA_OPT_EXT), then from the file
// they name.
func loadTLS(log *slog.Logger) (*remoting.TLSConfig, error) {
	tls := remoting.DefaultTLSConfig()
	pairs := slices.DeleteFunc(javaProperties(), func(p properties.Pair) bool { return !strings.HasPrefix(p.Key, "tls.") })
	unknown, err := properties.Apply(pairs, &tls)
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
