package main

import (
	"encoding/binary"
	"errors"
	"hash/crc32"
	"math/rand/v2"
	"net"
	"strconv"
	"time"
)

// The first two packets of an association (RFC 9260 3.1, 3.3.2, 3.3.3), the second one without the cookie that the third
// would bring back: whether a network lets an association begin is known by then.
//
//	source port │ destination port │ verification tag │ CRC32c │ type │ flags │ length │ tag │ window │ streams │ TSN
const (
	protocolSCTP = "ip4:132"
	typeInit     = 1
	typeInitAck  = 2
	chunkAt      = 12
	packetBytes  = chunkAt + 20
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

func packet(chunkType byte, source, destination uint16, verification uint32) []byte {
	bytes := make([]byte, packetBytes)
	binary.BigEndian.PutUint16(bytes[0:], source)
	binary.BigEndian.PutUint16(bytes[2:], destination)
	binary.BigEndian.PutUint32(bytes[4:], verification)
	bytes[chunkAt] = chunkType
	binary.BigEndian.PutUint16(bytes[chunkAt+2:], packetBytes-chunkAt)
	binary.BigEndian.PutUint32(bytes[chunkAt+4:], rand.Uint32()|1)
	binary.BigEndian.PutUint32(bytes[chunkAt+8:], 1<<16)
	binary.BigEndian.PutUint16(bytes[chunkAt+12:], 1)
	binary.BigEndian.PutUint16(bytes[chunkAt+14:], 1)
	binary.BigEndian.PutUint32(bytes[chunkAt+16:], rand.Uint32())
	binary.LittleEndian.PutUint32(bytes[8:], crc32.Checksum(bytes, castagnoli))
	return bytes
}

// serveSCTP answers on IPv4, which is all that the tests use.
func serveSCTP(port int) {
	socket, err := net.ListenPacket(protocolSCTP, "0.0.0.0")
	must(err)
	buffer := make([]byte, 1500)
	for {
		length, sender, err := socket.ReadFrom(buffer)
		must(err)
		if length < packetBytes || buffer[chunkAt] != typeInit || binary.BigEndian.Uint16(buffer[2:]) != uint16(port) {
			continue
		}
		source := binary.BigEndian.Uint16(buffer[0:])
		socket.WriteTo(packet(typeInitAck, uint16(port), source, binary.BigEndian.Uint32(buffer[chunkAt+4:])), sender)
	}
}

func connectSCTP(target string, deadline time.Time) error {
	host, portText, err := net.SplitHostPort(target)
	if err != nil {
		return err
	}
	port, err := strconv.ParseUint(portText, 10, 16)
	if err != nil {
		return err
	}
	connection, err := net.Dial(protocolSCTP, host)
	if err != nil {
		return err
	}
	connection.SetDeadline(deadline)
	source := uint16(32768 + rand.IntN(28000))
	if _, err := connection.Write(packet(typeInit, source, uint16(port), 0)); err != nil {
		return err
	}
	buffer := make([]byte, 1500)
	for {
		length, _, err := connection.(*net.IPConn).ReadFrom(buffer) // Read would leave the IP header in
		if err != nil {
			return err
		}
		isAnswer := length >= packetBytes &&
			binary.BigEndian.Uint16(buffer[0:]) == uint16(port) && binary.BigEndian.Uint16(buffer[2:]) == source
		if isAnswer && buffer[chunkAt] == typeInitAck {
			return nil
		}
		if isAnswer {
			return errors.New("refused")
		}
	}
}
