package codec

import "strconv"

// Versions as they travel in frames: ordinals of Java's MQVersion.Version, the
// same table in 4.4.0, 4.9.8 and 5.3.3.
const (
	CurrentVersion int32 = 409 // V4_9_8, what Booster answers

	VersionV3_0_7  int32 = 28  // from here consumers take reset-offset pushes (3.0.7-SNAPSHOT)
	VersionV3_0_11 int32 = 37  // from here REGISTER_BROKER bodies are full
	VersionV3_1_8  int32 = 62  // from here consumers answer GET_CONSUMER_RUNNING_INFO (3.1.8-SNAPSHOT)
	VersionV3_4_9  int32 = 121 // from here a client's maxReconsumeTimes counts
	VersionV4_9_4  int32 = 401 // from here route answers are strict JSON

	versionV4_0_0 = 213
	versionHigher = 612
)

// VersionDesc returns Java's name of a version ordinal: "V4_9_8", for odd
// steps "V4_9_8_SNAPSHOT". From 4.0.0 on a minor has ten patches and each patch
// a snapshot before it, so that the name is arithmetic.
func VersionDesc(version int32) string {
	switch {
	case version >= versionHigher:
		return "HIGHER_VERSION"
	case version < versionV4_0_0-1:
		return versionDesc3(version)
	}
	n := version - (versionV4_0_0 - 1) // even: snapshot, odd: release
	desc := "V" + strconv.Itoa(int(4+n/200)) + "_" + strconv.Itoa(int(n%200/20)) + "_" + strconv.Itoa(int(n%20/2))
	if n%2 == 0 {
		desc += "_SNAPSHOT"
	}
	return desc
}

// versionDesc3 names the versions before 4.0.0-SNAPSHOT, whose steps are uneven.
func versionDesc3(version int32) string {
	firsts := [...]string{
		"V3_0_0_SNAPSHOT", "V3_0_0_ALPHA1", "V3_0_0_BETA1", "V3_0_0_BETA2", "V3_0_0_BETA3", "V3_0_0_BETA4",
		"V3_0_0_BETA5", "V3_0_0_BETA6_SNAPSHOT", "V3_0_0_BETA6", "V3_0_0_BETA7_SNAPSHOT", "V3_0_0_BETA7",
		"V3_0_0_BETA8_SNAPSHOT", "V3_0_0_BETA8", "V3_0_0_BETA9_SNAPSHOT", "V3_0_0_BETA9", "V3_0_0_FINAL",
	}
	if version < 0 {
		return "V" + strconv.Itoa(int(version)) // no Java version; never fails
	}
	if int(version) < len(firsts) {
		return firsts[version]
	}
	minor, step := int32(0), version-int32(len(firsts))
	patch := int32(1) + step/2
	switch {
	case version >= 86: // 3.3.1 … 3.9.9: nine patches a minor
		step = version - 86
		minor, patch = 3+step/18, 1+step%18/2
	case version >= 46: // 3.1.0 … 3.2.9: ten patches a minor
		step = version - 46
		minor, patch = 1+step/20, step%20/2
	}
	desc := "V3_" + strconv.Itoa(int(minor)) + "_" + strconv.Itoa(int(patch))
	if step%2 == 0 {
		desc += "_SNAPSHOT"
	}
	return desc
}
