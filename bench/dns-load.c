// Asks a DNS server by UDP as fast as it answers, or at a steady rate, and says how it went; or is itself the least that
// a server can do: receive, turn the question into an answer, send.
//
//   dns-load ask  ADDRESS PORT SECONDS RATE NAMES...   RATE 0: as fast as possible
//   dns-load echo ADDRESS PORT SECONDS
//
// Prints: answers a second, lost, wrong, p50 and p99 in microseconds.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { SOCKETS = 32, IN_FLIGHT = 4, BATCH = 64, BYTES = 1500, SAMPLES = 4000000 };

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec + t.tv_nsec / 1e9;
}

static struct sockaddr_in address_of(char **argv) {
  struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(atoi(argv[3]))};
  inet_pton(AF_INET, argv[2], &to.sin_addr);
  return to;
}

// the least: one A record behind the question, in place
static int echo(char **argv) {
  struct sockaddr_in own = address_of(argv), from[BATCH];
  static unsigned char data[BATCH][BYTES];
  static const unsigned char record[] = {0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 5, 0, 4, 10, 96, 0, 1};
  struct iovec iov[BATCH];
  struct mmsghdr messages[BATCH];
  int fd = socket(AF_INET, SOCK_DGRAM, 0);
  struct timeval patience = {.tv_usec = 50000};
  setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  if (bind(fd, (struct sockaddr *)&own, sizeof own)) return perror("bind"), 1;
  for (double end = now() + atof(argv[4]); now() < end;) {
    for (int i = 0; i < BATCH; i++) {
      iov[i] = (struct iovec){data[i], BYTES - sizeof record};
      messages[i].msg_hdr = (struct msghdr){
          .msg_name = &from[i], .msg_namelen = sizeof from[i], .msg_iov = &iov[i], .msg_iovlen = 1};
    }
    int count = recvmmsg(fd, messages, BATCH, MSG_WAITFORONE, NULL);
    for (int i = 0; i < count; i++) {
      int length = messages[i].msg_len;
      data[i][2] |= 0x84;
      data[i][7] = 1;
      memcpy(data[i] + length, record, sizeof record);
      iov[i].iov_len = length + sizeof record;
    }
    if (count > 0) sendmmsg(fd, messages, count, 0);
  }
  return 0;
}

static int encode(unsigned char *query, const char *name) {
  static const unsigned char header[12] = {0, 0, 1, 0, 0, 1};
  memcpy(query, header, 12);
  int at = 12;
  for (const char *label = name; *label;) {
    int length = strcspn(label, ".");
    query[at++] = length;
    memcpy(query + at, label, length);
    at += length;
    label += length + (label[length] == '.');
  }
  memcpy(query + at, "\0\0\1\0\1", 5);
  return at + 5;
}

static double sent_at[SOCKETS][65536];
static float samples[SAMPLES];
static long answers, lost, wrong, sent;
static unsigned short next_id[SOCKETS];

static unsigned char (*queries)[300];
static int *lengths, names;

static void ask(int *fds, int s) {
  int which = sent++ % names;
  unsigned short id = next_id[s]++;
  memcpy(queries[which], &id, 2);
  if (sent_at[s][id]) lost++;
  sent_at[s][id] = now();
  send(fds[s], queries[which], lengths[which], 0);
}

static int take(int *fds, int s) {
  unsigned char reply[BYTES];
  int taken = 0, length;
  while ((length = recv(fds[s], reply, sizeof reply, MSG_DONTWAIT)) > 12) {
    unsigned short id;
    memcpy(&id, reply, 2);
    if (!sent_at[s][id] || (reply[3] & 15) != 0 || reply[7] == 0) wrong++;
    else if (answers < SAMPLES) samples[answers] = now() - sent_at[s][id];
    sent_at[s][id] = 0;
    answers++, taken++;
  }
  return taken;
}

static int by_value(const void *a, const void *b) {
  float x = *(const float *)a, y = *(const float *)b;
  return (x > y) - (x < y);
}

static int flood(int argc, char **argv) {
  struct sockaddr_in to = address_of(argv);
  double seconds = atof(argv[4]), rate = atof(argv[5]);
  int fds[SOCKETS];
  struct pollfd polls[SOCKETS];
  names = argc - 6;
  queries = calloc(names, sizeof *queries);
  lengths = calloc(names, sizeof *lengths);
  for (int i = 0; i < names; i++) lengths[i] = encode(queries[i], argv[6 + i]);
  for (int s = 0; s < SOCKETS; s++) {
    fds[s] = socket(AF_INET, SOCK_DGRAM, 0);
    if (connect(fds[s], (struct sockaddr *)&to, sizeof to)) return perror("connect"), 1;
    polls[s] = (struct pollfd){fds[s], POLLIN, 0};
  }
  double start = now(), last = start, end = start + seconds;
  for (int s = 0; rate == 0 && s < SOCKETS; s++)
    for (int i = 0; i < IN_FLIGHT; i++) ask(fds, s);
  for (double at = start; at < end; at = now()) {
    if (rate > 0)
      for (; sent < (at - start) * rate;) ask(fds, sent % SOCKETS);
    if (poll(polls, SOCKETS, rate > 0 ? 0 : 20) > 0) {
      last = at;
      for (int s = 0; s < SOCKETS; s++)
        if (polls[s].revents)
          for (int taken = take(fds, s); rate == 0 && taken > 0; taken--) ask(fds, s);
    } else if (rate == 0 && at - last > 0.5)  // all were lost: begin anew
      for (int s = 0; s < SOCKETS; s++) ask(fds, s);
  }
  long counted = answers;
  usleep(200000);
  for (int s = 0; s < SOCKETS; s++) take(fds, s);
  for (int s = 0; s < SOCKETS; s++)
    for (int id = 0; id < 65536; id++) lost += sent_at[s][id] != 0;
  if (counted > SAMPLES) counted = SAMPLES;
  qsort(samples, counted, sizeof *samples, by_value);
  printf("%.0f %ld %ld %.0f %.0f\n", counted / seconds, lost, wrong, samples[counted / 2] * 1e6,
         samples[counted * 99 / 100] * 1e6);
  return 0;
}

int main(int argc, char **argv) {
  if (argc >= 5 && !strcmp(argv[1], "echo")) return echo(argv);
  if (argc >= 7 && !strcmp(argv[1], "ask")) return flood(argc, argv);
  return 2;
}
