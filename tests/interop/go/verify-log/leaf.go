package main

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"

	"golang.org/x/mod/sumdb/tlog"
)

// The outer leaf, docs/format.md: 168 bytes, integers little-endian.
const (
	leafBytes = 168
	leafMagic = "cf-leaf1"
)

// outerLeaf is one batch as its line in the log tells it.
type outerLeaf struct {
	number, firstRecord uint64
	records             uint32
	timestamp           uint64
	innerRoot, previous tlog.Hash
	rest                [leafBytes - 104]byte // rule book, counts of the register, eight zeros
}

func (l *outerLeaf) bytes() []byte {
	out := make([]byte, 0, leafBytes)
	out = append(out, leafMagic...)
	out = binary.LittleEndian.AppendUint64(out, l.number)
	out = binary.LittleEndian.AppendUint64(out, l.firstRecord)
	out = binary.LittleEndian.AppendUint32(out, l.records)
	out = append(out, 0, 0, 0, 0)
	out = binary.LittleEndian.AppendUint64(out, l.timestamp)
	out = append(out, l.innerRoot[:]...)
	out = append(out, l.previous[:]...)
	return append(out, l.rest[:]...)
}

func parseLeaf(b []byte) (*outerLeaf, error) {
	if len(b) != leafBytes || string(b[:8]) != leafMagic {
		return nil, errors.New("not an outer leaf")
	}
	l := &outerLeaf{
		number:      binary.LittleEndian.Uint64(b[8:]),
		firstRecord: binary.LittleEndian.Uint64(b[16:]),
		records:     binary.LittleEndian.Uint32(b[24:]),
		timestamp:   binary.LittleEndian.Uint64(b[32:]),
	}
	copy(l.innerRoot[:], b[40:72])
	copy(l.previous[:], b[72:104])
	copy(l.rest[:], b[104:160])
	if !bytes.Equal(l.bytes(), b) {
		return nil, errors.New("bytes of the outer leaf that must be zero are not")
	}
	return l, nil
}

// follows checks the chain of the leaves: each names the one before it.
func (l *outerLeaf) follows(before *outerLeaf) error {
	if before == nil {
		if l.number != 0 || l.firstRecord != 0 || l.previous != (tlog.Hash{}) {
			return errors.New("the first leaf does not begin the chain")
		}
		return nil
	}
	switch {
	case l.number != before.number+1:
		return fmt.Errorf("leaf %d follows leaf %d", l.number, before.number)
	case l.firstRecord != before.firstRecord+uint64(before.records):
		return fmt.Errorf("leaf %d: its first record is not the next", l.number)
	case l.timestamp <= before.timestamp:
		return fmt.Errorf("leaf %d is not later than the one before", l.number)
	case l.previous != tlog.RecordHash(before.bytes()):
		return fmt.Errorf("leaf %d names another leaf before it", l.number)
	}
	return nil
}
