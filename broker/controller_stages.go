package broker

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/boostermq/booster/store"
)

// loadACL reads the accounts; a broken file stops the start.
func (b *Controller) loadACL(context.Context) error {
	if b.acl == nil {
		return nil
	}
	return b.acl.Load()
}

// loadManagers reads the tables below config/.
func (b *Controller) loadManagers(context.Context) error {
	root := b.Config().Store.StorePathRootDir
	if err := b.opts.FS.MkdirAll(root, 0o755); err != nil {
		return fmt.Errorf("the store folder %s cannot be used: %w", root, err)
	}
	return errors.Join(b.topics.Load(), b.groups.Load(), b.offsets.Load(), b.schedule.Load(), b.filters.Load())
}

// persistManagers writes what is not written at each change. The store is closed
// by then: offsets of delay levels and of transaction checks are written only
// for what is durable.
func (b *Controller) persistManagers(context.Context) error {
	b.transactions.CommitOffsets()
	return errors.Join(b.offsets.Persist(), b.topics.Persist(), b.groups.Persist(), b.schedule.Persist(), b.filters.Persist())
}

// startStore recovers the store and starts its goroutines.
func (b *Controller) startStore(context.Context) error {
	s, err := store.Open(store.Options{
		Config: b.Config().Store, FS: b.opts.FS, Log: b.logOf("store"), Arriving: b, BitMaps: b,
		Awaited: b.awaited, BrokerIPPort: b.settings.Load().storeHost,
	})
	if err != nil {
		return err
	}
	b.store, b.messages.store = s, s
	if !s.LastStopClean() {
		b.filters.Distrust()
	}
	b.transactions.UseStore(s)
	if err := s.Start(); err != nil {
		return errors.Join(err, s.Shutdown())
	}
	b.disk.refresh()
	return nil
}

func (b *Controller) stopStore(context.Context) error { return b.store.Shutdown() }

// startCleaner lets old files go and watches the disk.
func (b *Controller) startCleaner(context.Context) error {
	b.cleaner = store.NewCleaner(b.store)
	b.cleaner.Start()
	return nil
}

func (b *Controller) stopCleaner(context.Context) error {
	b.cleaner.Shutdown()
	return nil
}

// startSchedule lets masters deliver delayed messages.
func (b *Controller) startSchedule(context.Context) error {
	if !b.Config().IsSlave() {
		b.schedule.Start(b.store)
	}
	return nil
}

func (b *Controller) stopSchedule(context.Context) error {
	b.schedule.Shutdown()
	return nil
}

// startTransactions lets masters check half messages.
func (b *Controller) startTransactions(context.Context) error {
	if !b.Config().IsSlave() {
		b.transactions.Start()
	}
	return nil
}

func (b *Controller) stopTransactions(context.Context) error {
	b.transactions.Shutdown()
	return nil
}

func (b *Controller) startStats(context.Context) error {
	b.stats.Start()
	b.storeStats.Start()
	return nil
}

func (b *Controller) stopStats(context.Context) error {
	b.storeStats.Shutdown()
	b.stats.Shutdown()
	return nil
}

func (b *Controller) stopExecutors(ctx context.Context) error { return b.executors.shutdown(ctx) }

// startJobs starts what runs now and then.
func (b *Controller) startJobs(context.Context) error {
	flushPeriod := func() time.Duration {
		return time.Duration(max(1, b.Config().Broker.FlushConsumerOffsetInterval)) * time.Millisecond
	}
	b.every(10*time.Second, flushPeriod, func(context.Context) {
		if err := b.offsets.Persist(); err != nil {
			b.log.Error("consumer offsets not written; the next round tries again", "err", err)
		}
	})
	tenSeconds := func() time.Duration { return 10 * time.Second }
	b.every(10*time.Second, tenSeconds, func(context.Context) {
		if err := b.filters.Persist(); err != nil {
			b.log.Error("consumer filters not written; the next round tries again", "err", err)
		}
	})
	b.every(10*time.Second, tenSeconds, func(context.Context) { b.disk.refresh() })
	b.every(protectPeriod, func() time.Duration { return protectPeriod }, b.protectFromSlowConsumers)
	if b.acl != nil {
		b.jobs.Go(func() { b.acl.Run(b.background) })
	}
	return nil
}

func (b *Controller) stopJobs(context.Context) error {
	b.stop()
	b.jobs.Wait()
	return nil
}

// every runs job on a goroutine of its own until the stop: after first, then
// after each period.
func (b *Controller) every(first time.Duration, period func() time.Duration, job func(ctx context.Context)) {
	b.jobs.Go(func() {
		timer := time.NewTimer(first)
		defer timer.Stop()
		for {
			select {
			case <-b.background.Done():
				return
			case <-timer.C:
				job(b.background)
				timer.Reset(period())
			}
		}
	})
}

// startRegistration registers once, awaited, and keeps it up. Name servers that
// are down do not stop a broker from serving.
func (b *Controller) startRegistration(ctx context.Context) error {
	reached := b.registerBrokerAll(ctx, true)
	b.jobs.Go(func() { b.registrationLoop(b.background, reached) })
	return nil
}

// stopRegistration ends the loop before it says goodbye, so that nothing
// registers the broker again.
func (b *Controller) stopRegistration(ctx context.Context) error {
	b.stop()
	b.jobs.Wait()
	if err := b.outer.UnregisterBroker(ctx, b.identity(b.Config())); err != nil {
		b.log.Warn("unregister", "err", err) // the name servers will notice
	}
	b.outer.close()
	return nil
}
