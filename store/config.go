package store

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// Config is Java's MessageStoreConfig: names, order and defaults of
// RocketMQ 4.9.8 (facts/store-conf.tsv). Times are ms, sizes bytes, ages hours.
// A Config is a snapshot: the store replaces it whole, see MessageStore.UpdateConfig.
//
// Accepted without effect, because the thing they tune does not exist here:
// useReentrantLockWhenPutMessage, commit*, warm*, flushLeastPages*, putMsgIndexHightWater,
// transientStorePool* (readers never see uncommitted bytes anyway), debugLockEnable,
// bitMapLengthConsumeQueueExt (a unit is as long as its bit map).
type Config struct {
	StorePathRootDir                         string        `prop:"storePathRootDir,important"`
	StorePathCommitLog                       string        `prop:"storePathCommitLog,important"`
	StorePathDLedgerCommitLog                string        `prop:"storePathDLedgerCommitLog,important"`
	ReadOnlyCommitLogStorePaths              string        `prop:"readOnlyCommitLogStorePaths"`
	MappedFileSizeCommitLog                  int           `prop:"mappedFileSizeCommitLog,alias=mapedFileSizeCommitLog"`
	MappedFileSizeConsumeQueue               int           `prop:"mappedFileSizeConsumeQueue,alias=mapedFileSizeConsumeQueue"`
	EnableConsumeQueueExt                    bool          `prop:"enableConsumeQueueExt"`
	MappedFileSizeConsumeQueueExt            int           `prop:"mappedFileSizeConsumeQueueExt"`
	BitMapLengthConsumeQueueExt              int           `prop:"bitMapLengthConsumeQueueExt"`
	FlushIntervalCommitLog                   int           `prop:"flushIntervalCommitLog,important"`
	CommitIntervalCommitLog                  int           `prop:"commitIntervalCommitLog,important"`
	UseReentrantLockWhenPutMessage           bool          `prop:"useReentrantLockWhenPutMessage"`
	FlushCommitLogTimed                      bool          `prop:"flushCommitLogTimed,important"`
	FlushIntervalConsumeQueue                int           `prop:"flushIntervalConsumeQueue"`
	CleanResourceInterval                    int           `prop:"cleanResourceInterval"`
	DeleteCommitLogFilesInterval             int           `prop:"deleteCommitLogFilesInterval"`
	DeleteConsumeQueueFilesInterval          int           `prop:"deleteConsumeQueueFilesInterval"`
	DestroyMapedFileIntervalForcibly         int           `prop:"destroyMapedFileIntervalForcibly"`
	RedeleteHangedFileInterval               int           `prop:"redeleteHangedFileInterval"`
	DeleteWhen                               string        `prop:"deleteWhen,important"`
	DiskMaxUsedSpaceRatio                    int           `prop:"diskMaxUsedSpaceRatio"`
	FileReservedTime                         int           `prop:"fileReservedTime,important"`
	PutMsgIndexHightWater                    int           `prop:"putMsgIndexHightWater"`
	MaxMessageSize                           int           `prop:"maxMessageSize"`
	CheckCRCOnRecover                        bool          `prop:"checkCRCOnRecover"`
	FlushCommitLogLeastPages                 int           `prop:"flushCommitLogLeastPages"`
	CommitCommitLogLeastPages                int           `prop:"commitCommitLogLeastPages"`
	FlushLeastPagesWhenWarmMapedFile         int           `prop:"flushLeastPagesWhenWarmMapedFile"`
	FlushConsumeQueueLeastPages              int           `prop:"flushConsumeQueueLeastPages"`
	FlushCommitLogThoroughInterval           int           `prop:"flushCommitLogThoroughInterval"`
	CommitCommitLogThoroughInterval          int           `prop:"commitCommitLogThoroughInterval"`
	FlushConsumeQueueThoroughInterval        int           `prop:"flushConsumeQueueThoroughInterval"`
	MaxTransferBytesOnMessageInMemory        int           `prop:"maxTransferBytesOnMessageInMemory,important"`
	MaxTransferCountOnMessageInMemory        int           `prop:"maxTransferCountOnMessageInMemory,important"`
	MaxTransferBytesOnMessageInDisk          int           `prop:"maxTransferBytesOnMessageInDisk,important"`
	MaxTransferCountOnMessageInDisk          int           `prop:"maxTransferCountOnMessageInDisk,important"`
	AccessMessageInMemoryMaxRatio            int           `prop:"accessMessageInMemoryMaxRatio,important"`
	MessageIndexEnable                       bool          `prop:"messageIndexEnable,important"`
	MaxHashSlotNum                           int           `prop:"maxHashSlotNum"`
	MaxIndexNum                              int           `prop:"maxIndexNum"`
	MaxMsgsNumBatch                          int           `prop:"maxMsgsNumBatch"`
	MessageIndexSafe                         bool          `prop:"messageIndexSafe,important"`
	HAListenPort                             int           `prop:"haListenPort"`
	HASendHeartbeatInterval                  int           `prop:"haSendHeartbeatInterval"`
	HAHousekeepingInterval                   int           `prop:"haHousekeepingInterval"`
	HATransferBatchSize                      int           `prop:"haTransferBatchSize"`
	HAMasterAddress                          string        `prop:"haMasterAddress,important"`
	HASlaveFallbehindMax                     int           `prop:"haSlaveFallbehindMax"`
	BrokerRole                               BrokerRole    `prop:"brokerRole,important"`
	FlushDiskType                            FlushDiskType `prop:"flushDiskType,important"`
	SyncFlushTimeout                         int           `prop:"syncFlushTimeout"`
	SlaveTimeout                             int           `prop:"slaveTimeout"`
	MessageDelayLevel                        string        `prop:"messageDelayLevel"`
	FlushDelayOffsetInterval                 int64         `prop:"flushDelayOffsetInterval"`
	CleanFileForciblyEnable                  bool          `prop:"cleanFileForciblyEnable,important"`
	WarmMapedFileEnable                      bool          `prop:"warmMapedFileEnable"`
	OffsetCheckInSlave                       bool          `prop:"offsetCheckInSlave"`
	DebugLockEnable                          bool          `prop:"debugLockEnable"`
	DuplicationEnable                        bool          `prop:"duplicationEnable"`
	DiskFallRecorded                         bool          `prop:"diskFallRecorded"`
	OsPageCacheBusyTimeOutMills              int64         `prop:"osPageCacheBusyTimeOutMills"`
	DefaultQueryMaxNum                       int           `prop:"defaultQueryMaxNum"`
	TransientStorePoolEnable                 bool          `prop:"transientStorePoolEnable,important"`
	TransientStorePoolSize                   int           `prop:"transientStorePoolSize"`
	FastFailIfNoBufferInStorePool            bool          `prop:"fastFailIfNoBufferInStorePool"`
	EnableDLegerCommitLog                    bool          `prop:"enableDLegerCommitLog"`
	DLegerGroup                              string        `prop:"dLegerGroup"`
	DLegerPeers                              string        `prop:"dLegerPeers"`
	DLegerSelfId                             string        `prop:"dLegerSelfId"`
	PreferredLeaderId                        string        `prop:"preferredLeaderId"`
	EnableBatchPush                          bool          `prop:"isEnableBatchPush,alias=enableBatchPush"`
	EnableScheduleMessageStats               bool          `prop:"enableScheduleMessageStats"`
	EnableLmq                                bool          `prop:"enableLmq"`
	EnableMultiDispatch                      bool          `prop:"enableMultiDispatch"`
	MaxLmqConsumeQueueNum                    int           `prop:"maxLmqConsumeQueueNum"`
	EnableScheduleAsyncDeliver               bool          `prop:"enableScheduleAsyncDeliver"`
	ScheduleAsyncDeliverMaxPendingLimit      int           `prop:"scheduleAsyncDeliverMaxPendingLimit"`
	ScheduleAsyncDeliverMaxResendNum2Blocked int           `prop:"scheduleAsyncDeliverMaxResendNum2Blocked"`
}

// DefaultConfig has Java's defaults.
func DefaultConfig() Config {
	return Config{
		StorePathRootDir:                         filepath.Join(userHome(), "store"),
		MappedFileSizeCommitLog:                  1073741824,
		MappedFileSizeConsumeQueue:               6000000,
		MappedFileSizeConsumeQueueExt:            50331648,
		BitMapLengthConsumeQueueExt:              64,
		FlushIntervalCommitLog:                   500,
		CommitIntervalCommitLog:                  200,
		UseReentrantLockWhenPutMessage:           true,
		FlushCommitLogTimed:                      true,
		FlushIntervalConsumeQueue:                1000,
		CleanResourceInterval:                    10000,
		DeleteCommitLogFilesInterval:             100,
		DeleteConsumeQueueFilesInterval:          100,
		DestroyMapedFileIntervalForcibly:         120000,
		RedeleteHangedFileInterval:               120000,
		DeleteWhen:                               "04",
		DiskMaxUsedSpaceRatio:                    75,
		FileReservedTime:                         72,
		PutMsgIndexHightWater:                    600000,
		MaxMessageSize:                           4194304,
		CheckCRCOnRecover:                        true,
		FlushCommitLogLeastPages:                 4,
		CommitCommitLogLeastPages:                4,
		FlushLeastPagesWhenWarmMapedFile:         4096,
		FlushConsumeQueueLeastPages:              2,
		FlushCommitLogThoroughInterval:           10000,
		CommitCommitLogThoroughInterval:          200,
		FlushConsumeQueueThoroughInterval:        60000,
		MaxTransferBytesOnMessageInMemory:        262144,
		MaxTransferCountOnMessageInMemory:        32,
		MaxTransferBytesOnMessageInDisk:          65536,
		MaxTransferCountOnMessageInDisk:          8,
		AccessMessageInMemoryMaxRatio:            40,
		MessageIndexEnable:                       true,
		MaxHashSlotNum:                           5000000,
		MaxIndexNum:                              20000000,
		MaxMsgsNumBatch:                          64,
		HAListenPort:                             10912,
		HASendHeartbeatInterval:                  5000,
		HAHousekeepingInterval:                   20000,
		HATransferBatchSize:                      32768,
		HASlaveFallbehindMax:                     268435456,
		BrokerRole:                               AsyncMaster,
		FlushDiskType:                            AsyncFlush,
		SyncFlushTimeout:                         5000,
		SlaveTimeout:                             3000,
		MessageDelayLevel:                        "1s 5s 10s 30s 1m 2m 3m 4m 5m 6m 7m 8m 9m 10m 20m 30m 1h 2h",
		FlushDelayOffsetInterval:                 10000,
		CleanFileForciblyEnable:                  true,
		DiskFallRecorded:                         true,
		OsPageCacheBusyTimeOutMills:              1000,
		DefaultQueryMaxNum:                       32,
		TransientStorePoolSize:                   5,
		EnableScheduleMessageStats:               true,
		MaxLmqConsumeQueueNum:                    20000,
		ScheduleAsyncDeliverMaxPendingLimit:      2000,
		ScheduleAsyncDeliverMaxResendNum2Blocked: 3,
	}
}

func userHome() string {
	home, err := os.UserHomeDir()
	if err != nil {
		return "."
	}
	return home
}

// BrokerRole is Java's BrokerRole.
type BrokerRole string

// The roles; SYNC_MASTER waits for a slave before it acknowledges.
const (
	AsyncMaster BrokerRole = "ASYNC_MASTER"
	SyncMaster  BrokerRole = "SYNC_MASTER"
	Slave       BrokerRole = "SLAVE"
)

// UnmarshalText accepts the names of Java's enum.
func (r *BrokerRole) UnmarshalText(text []byte) error {
	switch v := BrokerRole(text); v {
	case AsyncMaster, SyncMaster, Slave:
		*r = v
		return nil
	}
	return fmt.Errorf("brokerRole %q is none of ASYNC_MASTER, SYNC_MASTER, SLAVE", text)
}

// MarshalText gives the name of Java's enum.
func (r BrokerRole) MarshalText() ([]byte, error) { return []byte(r), nil }

// FlushDiskType is Java's FlushDiskType.
type FlushDiskType string

// The flush types; SYNC_FLUSH acknowledges after fdatasync.
const (
	AsyncFlush FlushDiskType = "ASYNC_FLUSH"
	SyncFlush  FlushDiskType = "SYNC_FLUSH"
)

// UnmarshalText accepts the names of Java's enum.
func (t *FlushDiskType) UnmarshalText(text []byte) error {
	switch v := FlushDiskType(text); v {
	case AsyncFlush, SyncFlush:
		*t = v
		return nil
	}
	return fmt.Errorf("flushDiskType %q is none of ASYNC_FLUSH, SYNC_FLUSH", text)
}

// MarshalText gives the name of Java's enum.
func (t FlushDiskType) MarshalText() ([]byte, error) { return []byte(t), nil }

// Limits of sizes: offsets inside a file are kept in an int32 by Java.
const (
	minCommitLogFileBytes = 1024
	maxMappedFileBytes    = 1<<31 - 1
)

// validate tells what is wrong with c.
func (c *Config) validate() error {
	switch {
	case c.StorePathRootDir == "":
		return fmt.Errorf("storePathRootDir is empty")
	case c.MappedFileSizeCommitLog < minCommitLogFileBytes || c.MappedFileSizeCommitLog > maxMappedFileBytes:
		return fmt.Errorf("mappedFileSizeCommitLog=%d is out of %d..%d", c.MappedFileSizeCommitLog, minCommitLogFileBytes, maxMappedFileBytes)
	case c.MappedFileSizeConsumeQueue < cqEntryBytes || c.MappedFileSizeConsumeQueue > maxMappedFileBytes:
		return fmt.Errorf("mappedFileSizeConsumeQueue=%d is out of %d..%d", c.MappedFileSizeConsumeQueue, cqEntryBytes, maxMappedFileBytes)
	case c.EnableConsumeQueueExt && (c.MappedFileSizeConsumeQueueExt < cqExtHeadBytes+cqExtEndFreeBytes || c.MappedFileSizeConsumeQueueExt > maxMappedFileBytes):
		return fmt.Errorf("mappedFileSizeConsumeQueueExt=%d is out of %d..%d", c.MappedFileSizeConsumeQueueExt, cqExtHeadBytes+cqExtEndFreeBytes, maxMappedFileBytes)
	case c.MaxMessageSize <= 0:
		return fmt.Errorf("maxMessageSize=%d is not positive", c.MaxMessageSize)
	case c.MaxHashSlotNum <= 0 || c.MaxIndexNum <= 1:
		return fmt.Errorf("maxHashSlotNum=%d, maxIndexNum=%d: an index file needs at least 1 and 2", c.MaxHashSlotNum, c.MaxIndexNum)
	}
	return nil
}

// cqFileBytes is the size of a consume queue file: whole entries only.
func (c *Config) cqFileBytes() int64 {
	return (int64(c.MappedFileSizeConsumeQueue) + cqEntryBytes - 1) / cqEntryBytes * cqEntryBytes
}

// commitLogPaths lists the folders of the log: those that take new files first.
func (c *Config) commitLogPaths() (writable, all []string) {
	if writable = splitPaths(c.StorePathCommitLog); len(writable) == 0 {
		writable = []string{filepath.Join(c.StorePathRootDir, "commitlog")}
	}
	return writable, append(append([]string(nil), writable...), splitPaths(c.ReadOnlyCommitLogStorePaths)...)
}

// splitPaths splits at Java's default multi-path separator.
func splitPaths(text string) (paths []string) {
	for p := range strings.SplitSeq(text, ",") {
		if p = strings.TrimSpace(p); p != "" {
			paths = append(paths, p)
		}
	}
	return paths
}

// DiskMaxUsedSpaceRatioClamped is diskMaxUsedSpaceRatio within 10..95.
func (c *Config) DiskMaxUsedSpaceRatioClamped() int { return min(max(c.DiskMaxUsedSpaceRatio, 10), 95) }
