package client

import (
	"sync"
	"time"
)

// housekeepingInterval is the pause between two scans for silent clients.
const housekeepingInterval = 10 * time.Second

// ClientHousekeeping ends what silent or closed connections leave behind
// (Java: ClientHousekeepingService).
type ClientHousekeeping struct {
	producers *ProducerManager
	consumers *ConsumerManager
	locks     *RebalanceLockManager

	stop chan struct{}
	done sync.WaitGroup
}

// NewClientHousekeeping returns a housekeeping that is not started.
func NewClientHousekeeping(producers *ProducerManager, consumers *ConsumerManager, locks *RebalanceLockManager) *ClientHousekeeping {
	return &ClientHousekeeping{producers: producers, consumers: consumers, locks: locks, stop: make(chan struct{})}
}

// Start starts the scan, one goroutine. Call it once.
func (h *ClientHousekeeping) Start() {
	h.done.Go(func() {
		ticker := time.NewTicker(housekeepingInterval)
		defer ticker.Stop()
		for {
			select {
			case <-ticker.C:
				h.scan()
			case <-h.stop:
				return
			}
		}
	})
}

// Shutdown stops the scan and waits for it. Call it once.
func (h *ClientHousekeeping) Shutdown() {
	close(h.stop)
	h.done.Wait()
}

func (h *ClientHousekeeping) scan() {
	h.producers.ScanNotActive()
	h.consumers.ScanNotActive()
	h.locks.ScanExpired()
}

// ChannelClosed is to be called when a connection ended, whatever the reason.
func (h *ClientHousekeeping) ChannelClosed(ch Channel) {
	h.producers.ChannelClosed(ch)
	h.consumers.ChannelClosed(ch)
}
