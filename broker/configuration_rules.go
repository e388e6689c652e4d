package broker

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/boostermq/booster/broker/schedule"
	"github.com/boostermq/booster/codec"
)

// updateEffect is what 25 UPDATE_BROKER_CONFIG does with a setting.
type updateEffect int

const (
	isUnknown   updateEffect = iota // no rule: ignored when it is no setting either, else refused
	isRefused                       // with code 16, and the whole request with it
	atOnce                          // whoever reads it takes it from the snapshot each time
	atNextStart                     // written and shown, but read by the start only
	withoutUse                      // Java's own: written and shown, nothing here reads it
)

// updateRules is the allow-list of 25: what each setting is and why. Java only
// knows a short list of what it refuses; an attack on it begins with a key that
// list forgot.
var updateRules = []struct {
	effect updateEffect
	reason string
	keys   string
}{
	{isRefused, "paths: no peer says where files lie, which file is written or what runs from where",
		`brokerConfigPath rocketmqHome storePathRootDir storePathCommitLog storePathDLedgerCommitLog readOnlyCommitLogStorePaths
		logDir`},
	{isRefused, "ports and addresses: no peer says where the broker listens, what it advertises or whom it calls",
		`listenPort haListenPort bindAddress brokerIP1 brokerIP2 namesrvAddr haMasterAddress fetchNamesrvAddrByAddressServer
		rmqAddressServerDomain rmqAddressServerSubGroup metricsExporterType metricsPromExporterHost metricsPromExporterPort`},
	{isRefused, "what is shown at the port of the metrics, and to whom", `webEnable webMessagesWithAcl pprofEnable`},
	{isRefused, "identity and roles: the files, the name servers and the slaves know the broker by them",
		`brokerName brokerClusterName brokerId brokerRole duplicationEnable enableDLegerCommitLog dLegerGroup dLegerPeers dLegerSelfId
		preferredLeaderId`},
	{isRefused, "plugins: nothing received is loaded or run", `messageStorePlugIn filterServerNums`},
	{isRefused, "switches of protection, and the list itself", `aclEnable aclLaxAs498 aclIgnoreWhiteAddresses useTLS configBlackList`},
	{isRefused, "sizes of files: a store of other sizes does not open",
		`mappedFileSizeCommitLog mappedFileSizeConsumeQueue mappedFileSizeConsumeQueueExt maxHashSlotNum maxIndexNum`},

	{atOnce, "what the broker allows",
		`brokerPermission autoCreateTopicEnable autoCreateSubscriptionGroup rejectTransactionMessage startAcceptSendRequestTimeStamp
		slaveReadEnable enablePropertyFilter filterSupportRetry maxMessageSize enableLmq enableMultiDispatch maxLmqConsumeQueueNum
		disableConsumeIfConsumerReadSlowly consumerFallbehindThreshold storeReplyMessageEnable
		notifyConsumerIdsChangedEnable messageIndexEnable offsetCheckInSlave enableDetailStat traceTopicEnable autoDeleteUnusedStats`},
	{atOnce, "how long things wait and how often they are done",
		`longPollingEnable shortPollingTimeMills flushConsumerOffsetInterval flushDelayOffsetInterval filterDataCleanTimeSpan
		registerNameServerPeriod registerBrokerTimeoutMills forceRegister compressedRegister brokerFastFailureEnable
		waitTimeMillsInPullQueue waitTimeMillsInHeartbeatQueue waitTimeMillsInTransactionQueue osPageCacheBusyTimeOutMills
		transactionTimeOut transactionCheckMax transactionCheckInterval syncFlushTimeout slaveTimeout`},
	{atOnce, "durability: what was acknowledged before is as durable as it was",
		`flushDiskType flushIntervalCommitLog flushCommitLogTimed flushCommitLogLeastPages flushCommitLogThoroughInterval
		flushIntervalConsumeQueue flushConsumeQueueThoroughInterval`},
	{atOnce, "when a broker counts as ready", `readyDispatchBehindBytes`},
	{atOnce, "what goes when", `deleteWhen fileReservedTime diskMaxUsedSpaceRatio cleanFileForciblyEnable cleanResourceInterval
		deleteCommitLogFilesInterval deleteConsumeQueueFilesInterval`},
	{atOnce, "what one answer holds", `maxTransferBytesOnMessageInMemory maxTransferCountOnMessageInMemory maxTransferBytesOnMessageInDisk
		maxTransferCountOnMessageInDisk accessMessageInMemoryMaxRatio maxMsgsNumBatch defaultQueryMaxNum regionId traceOn`},
	{atOnce, "sizes of pools and of their queues; Java reads them at its start",
		`sendMessageThreadPoolNums pullMessageThreadPoolNums processReplyMessageThreadPoolNums queryMessageThreadPoolNums
		adminBrokerThreadPoolNums clientManageThreadPoolNums consumerManageThreadPoolNums heartbeatThreadPoolNums
		endTransactionThreadPoolNums sendThreadPoolQueueCapacity pullThreadPoolQueueCapacity replyThreadPoolQueueCapacity
		queryThreadPoolQueueCapacity clientManagerThreadPoolQueueCapacity consumerManagerThreadPoolQueueCapacity
		heartbeatThreadPoolQueueCapacity endTransactionPoolQueueCapacity`},

	{atNextStart, "the log files are opened by the start", `logLevel logFormat`},
	{atNextStart, "the series are described by the start",
		`metricsOtelCardinalityLimit metricsLabel metricsExporterNames metricsNativeNames metricsIdleGroupMinutes metricsClientPollSeconds`},
	{atNextStart, "system topics, delay levels, filters and sockets are made by the start, as in Java",
		`defaultTopicQueueNums clusterTopicEnable brokerTopicEnable msgTraceTopicName messageDelayLevel
		expectConsumerNumUseFilter maxErrorRateOfBloomFilter enableCalcFilterBitMap enableConsumeQueueExt bitMapLengthConsumeQueueExt
		serverChannelMaxIdleTimeSeconds connectTimeoutMillis`},
	{atNextStart, "recovery reads them", `checkCRCOnRecover messageIndexSafe`},

	{withoutUse, "of Java's threads, sockets, memory and accounting",
		`putMessageFutureThreadPoolNums putThreadPoolQueueCapacity waitTimeMillsInSendQueue flushConsumerOffsetHistoryInterval
		highSpeedMode commercialEnable commercialTimerCount commercialTransCount commercialBigCount commercialBaseCount
		transferMsgByHeap maxDelayTime isolateLogEnable serverWorkerThreads serverCallbackExecutorThreads serverSelectorThreads
		serverOnewaySemaphoreValue serverAsyncSemaphoreValue serverSocketSndBufSize serverSocketRcvBufSize writeBufferHighWaterMark writeBufferLowWaterMark
		serverSocketBacklog serverPooledByteBufAllocatorEnable useEpollNativeSelector clientWorkerThreads clientCallbackExecutorThreads
		clientOnewaySemaphoreValue clientAsyncSemaphoreValue channelNotActiveInterval clientChannelMaxIdleTimeSeconds
		clientSocketSndBufSize clientSocketRcvBufSize clientPooledByteBufAllocatorEnable clientCloseSocketIfTimeout
		commitIntervalCommitLog useReentrantLockWhenPutMessage destroyMapedFileIntervalForcibly redeleteHangedFileInterval
		putMsgIndexHightWater commitCommitLogLeastPages flushLeastPagesWhenWarmMapedFile flushConsumeQueueLeastPages
		commitCommitLogThoroughInterval warmMapedFileEnable debugLockEnable diskFallRecorded transientStorePoolEnable
		transientStorePoolSize fastFailIfNoBufferInStorePool isEnableBatchPush enableScheduleMessageStats enableScheduleAsyncDeliver
		scheduleAsyncDeliverMaxPendingLimit scheduleAsyncDeliverMaxResendNum2Blocked`},
	{withoutUse, "of replication", `haSendHeartbeatInterval haHousekeepingInterval haTransferBatchSize haSlaveFallbehindMax`},
}

var updateEffects = indexUpdateRules()

func indexUpdateRules() map[string]updateEffect {
	effects := map[string]updateEffect{}
	for _, rule := range updateRules {
		for _, key := range strings.Fields(rule.keys) {
			effects[key] = rule.effect
		}
	}
	return effects
}

// effectOf is what 25 does with key.
func effectOf(key string) updateEffect { return updateEffects[key] }

// checkUpdated tells which of the updated keys has a value that its type allows
// and a broker cannot run with. Settings nobody touched are left alone: a start
// took them.
func (c *Config) checkUpdated(keys []string) error {
	for _, key := range keys {
		if check := updateChecks[key]; check != nil {
			if err := check(c); err != nil {
				return fmt.Errorf("%s: %w", key, err)
			}
		}
	}
	return nil
}

// updateChecks are the settings whose values have limits besides their types.
// Others are clamped where they are read; sizes are checked by the store.
var updateChecks = map[string]func(c *Config) error{
	"brokerPermission": func(c *Config) error {
		return within(int(c.Broker.BrokerPermission), 0, int(codec.PermRead|codec.PermWrite|codec.PermInherit))
	},
	"registerBrokerTimeoutMills":      func(c *Config) error { return within(c.Broker.RegisterBrokerTimeoutMills, 1, maxInt32) },
	"flushIntervalCommitLog":          func(c *Config) error { return within(c.Store.FlushIntervalCommitLog, 1, maxInt32) },
	"flushIntervalConsumeQueue":       func(c *Config) error { return within(c.Store.FlushIntervalConsumeQueue, 1, maxInt32) },
	"flushDelayOffsetInterval":        func(c *Config) error { return within(int(c.Store.FlushDelayOffsetInterval), 1, maxInt32) },
	"flushConsumerOffsetInterval":     func(c *Config) error { return within(c.Broker.FlushConsumerOffsetInterval, 1, maxInt32) },
	"fileReservedTime":                func(c *Config) error { return within(c.Store.FileReservedTime, 0, maxInt32) },
	"diskMaxUsedSpaceRatio":           func(c *Config) error { return within(c.Store.DiskMaxUsedSpaceRatio, 0, 100) },
	"accessMessageInMemoryMaxRatio":   func(c *Config) error { return within(c.Store.AccessMessageInMemoryMaxRatio, 0, 100) },
	"maxErrorRateOfBloomFilter":       func(c *Config) error { return within(c.Broker.MaxErrorRateOfBloomFilter, 1, 99) },
	"expectConsumerNumUseFilter":      func(c *Config) error { return within(c.Broker.ExpectConsumerNumUseFilter, 1, maxInt32) },
	"defaultTopicQueueNums":           func(c *Config) error { return within(int(c.Broker.DefaultTopicQueueNums), 1, maxQueueNums) },
	"serverChannelMaxIdleTimeSeconds": func(c *Config) error { return within(c.Server.ServerChannelMaxIdleTimeSeconds, 1, maxInt32) },
	"logLevel":                        func(c *Config) error { return c.Log.Validate() },
	"logFormat":                       func(c *Config) error { return c.Log.Validate() },
	"regionId": func(c *Config) error { // every answer to a send carries it
		return within(len(c.Broker.RegionID), 0, maxRegionBytes)
	},
	"msgTraceTopicName": func(c *Config) error {
		if remark := codec.ValidateTopic(c.Broker.MsgTraceTopicName); remark != "" {
			return fmt.Errorf("%s", remark)
		}
		return nil
	},
	"messageDelayLevel": func(c *Config) error {
		_, err := schedule.ParseLevels(c.Store.MessageDelayLevel)
		return err
	},
	"deleteWhen": func(c *Config) error {
		for word := range strings.SplitSeq(c.Store.DeleteWhen, ";") {
			if hour, err := strconv.Atoi(strings.TrimSpace(word)); err != nil || hour < 0 || hour > 23 {
				return fmt.Errorf("%q is not a list of hours 0..23, divided by ;", c.Store.DeleteWhen)
			}
		}
		return nil
	},
}

const (
	maxInt32       = 1<<31 - 1
	maxRegionBytes = 255
)

func within(n, from, to int) error {
	if n < from || n > to {
		return fmt.Errorf("%d is out of %d..%d", n, from, to)
	}
	return nil
}
