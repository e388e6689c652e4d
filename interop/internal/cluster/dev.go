package cluster

import (
	"fmt"
	"path/filepath"

	"github.com/boostermq/booster/internal/freeport"
	"github.com/boostermq/booster/interop/internal/process"
)

// Dev is a running `booster dev`: name server and broker in one process.
type Dev struct {
	*process.Process
	NamesrvAddr, BrokerAddr string
	HTTPAddr                string // of metrics, health and page
}

// StartDev returns when the broker is registered. Everything lies below dir.
func StartDev(dir string) (*Dev, error) {
	namesrvPort, err := freeport.Find()
	if err != nil {
		return nil, err
	}
	brokerPort, err := freeport.Find()
	if err != nil {
		return nil, err
	}
	httpPort, err := freeport.Find()
	if err != nil {
		return nil, err
	}
	conf, err := writeConf(dir, "broker.conf", map[string]string{"brokerIP1": "127.0.0.1", "metricsPromExporterPort": fmt.Sprint(httpPort)})
	if err != nil {
		return nil, err
	}
	d := &Dev{NamesrvAddr: freeport.Addr(namesrvPort), BrokerAddr: freeport.Addr(brokerPort), HTTPAddr: freeport.Addr(httpPort)}
	d.Process, err = launch(Booster, roleDev, dir, []string{"--data", filepath.Join(dir, "data"),
		"--namesrvPort", fmt.Sprint(namesrvPort), "--listenPort", fmt.Sprint(brokerPort), "-c", conf}, nil)
	if err != nil {
		return nil, err
	}
	return d, orKill(d.Process, d.Await(startTimeout, "register "+d.BrokerAddr, func() bool {
		return knows(d.NamesrvAddr, d.BrokerAddr, nil)
	}))
}
