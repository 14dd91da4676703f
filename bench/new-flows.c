// Sends datagrams to so many ports of an address, one to each: every one is a new connection to what is on the way. Prints
// how many nanoseconds of the processor one took, which the work of others on the machine does not change.
//
//   new-flows ADDRESS COUNT
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>

int main(int argc, char **argv) {
  struct sockaddr_in to = {.sin_family = AF_INET};
  int count = argc == 3 ? atoi(argv[2]) : 0;
  int fd = socket(AF_INET, SOCK_DGRAM, 0);
  if (count < 1 || count > 65000 || fd < 0 || inet_pton(AF_INET, argv[1], &to.sin_addr) != 1) return 1;
  struct timespec from, until;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &from);
  for (int port = 1; port <= count; port++) {
    to.sin_port = htons(port);
    if (sendto(fd, "x", 1, 0, (struct sockaddr *)&to, sizeof to) != 1) return 1;
  }
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &until);
  printf("%.0f\n", ((until.tv_sec - from.tv_sec) * 1e9 + (until.tv_nsec - from.tv_nsec)) / count);
}
