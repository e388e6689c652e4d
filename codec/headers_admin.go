package codec

// GetBrokerConfigResponseHeader is in answers to 26 GET_BROKER_CONFIG: the version of the configuration.
type GetBrokerConfigResponseHeader struct {
	Version string
}

// AppendFields implements CustomHeader.
func (h *GetBrokerConfigResponseHeader) AppendFields(w *FieldWriter) {
	w.Str("version", h.Version)
}

// DecodeFields fills h; string fields alias f.
func (h *GetBrokerConfigResponseHeader) DecodeFields(f Fields) error {
	r := fieldReader{f: f}
	h.Version = r.str("version")
	return r.err
}

// GetConsumeStatsInBrokerHeader is the request header of 317 GET_BROKER_CONSUME_STATS.
type GetConsumeStatsInBrokerHeader struct {
	IsOrder bool
}

// AppendFields implements CustomHeader.
func (h *GetConsumeStatsInBrokerHeader) AppendFields(w *FieldWriter) {
	w.Bool("isOrder", h.IsOrder)
}

// DecodeFields fills h; string fields alias f.
func (h *GetConsumeStatsInBrokerHeader) DecodeFields(f Fields) error {
	r := fieldReader{f: f}
	h.IsOrder = r.optBool("isOrder")
	return r.err
}

// ViewBrokerStatsDataRequestHeader is the request header of 315 VIEW_BROKER_STATS_DATA.
type ViewBrokerStatsDataRequestHeader struct {
	StatsName string
	StatsKey  string // topic, or topic@group
}

// AppendFields implements CustomHeader.
func (h *ViewBrokerStatsDataRequestHeader) AppendFields(w *FieldWriter) {
	w.Str("statsName", h.StatsName)
	w.Str("statsKey", h.StatsKey)
}

// DecodeFields fills h; string fields alias f.
func (h *ViewBrokerStatsDataRequestHeader) DecodeFields(f Fields) error {
	r := fieldReader{f: f}
	h.StatsName = r.str("statsName")
	h.StatsKey = r.str("statsKey")
	return r.err
}
