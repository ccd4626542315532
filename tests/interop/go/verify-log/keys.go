package main

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"strings"

	"filippo.io/torchwood"
	"github.com/cloudflare/circl/sign/mldsa/mldsa44"
	"golang.org/x/mod/sumdb/note"
)

// verifier makes a verifier of any key that a checkpoint of this project may bear: the log's Ed25519
// key (type 1) by sumdb/note, an Ed25519 cosigner (4) by torchwood, an ML-DSA-44 cosigner (6) below.
func verifier(vkey string) (note.Verifier, error) {
	parts := strings.SplitN(vkey, "+", 3)
	if len(parts) != 3 {
		return nil, errors.New("a verifier key has three parts")
	}
	key, err := base64.StdEncoding.DecodeString(parts[2])
	if err != nil || len(key) == 0 {
		return nil, errors.New("a verifier key ends in base64")
	}
	switch key[0] {
	case 4:
		return torchwood.NewCosignatureVerifier(vkey)
	case 6:
		return newPostQuantum(parts[0], parts[1], key)
	default:
		return note.NewVerifier(vkey)
	}
}

// postQuantum checks ML-DSA-44 cosignatures (c2sp.org/tlog-cosignature) with Cloudflare's CIRCL.
type postQuantum struct {
	name string
	id   uint32
	key  mldsa44.PublicKey
}

func newPostQuantum(name, id string, key []byte) (note.Verifier, error) {
	hash := sha256.Sum256(append([]byte(name+"\n"), key...))
	v := &postQuantum{name: name, id: binary.BigEndian.Uint32(hash[:4])}
	if fmt.Sprintf("%08x", v.id) != id {
		return nil, errors.New("the id of the ML-DSA-44 key is not its own")
	}
	return v, v.key.UnmarshalBinary(key[1:])
}

func (v *postQuantum) Name() string    { return v.name }
func (v *postQuantum) KeyHash() uint32 { return v.id }

func (v *postQuantum) Verify(msg, sig []byte) bool {
	checkpoint, err := torchwood.ParseCheckpoint(string(msg))
	if err != nil || len(sig) != 8+mldsa44.SignatureSize || len(v.name) > 255 || len(checkpoint.Origin) > 255 {
		return false
	}
	signed := []byte("subtree/v1\n\x00")
	signed = append(append(signed, byte(len(v.name))), v.name...)
	signed = append(signed, sig[:8]...)
	signed = append(append(signed, byte(len(checkpoint.Origin))), checkpoint.Origin...)
	signed = binary.BigEndian.AppendUint64(signed, 0)
	signed = binary.BigEndian.AppendUint64(signed, uint64(checkpoint.N))
	signed = append(signed, checkpoint.Hash[:]...)
	return mldsa44.Verify(&v.key, signed, nil, sig[8:])
}
