#ifndef PROBE_H
#define PROBE_H

#include <netinet/in.h>
#include <stddef.h>
#include <stdint.h>

#define MAX_WORDS 16

/* Says "probe LABEL …" on the console, one line in one write. */
void say(const char *label, const char *format, ...) __attribute__((format(printf, 2, 3)));

int64_t now_us(void);

/* The guest's last network interface, which is its channel. */
extern char channel_name[16];
extern int channel_index;
extern uint8_t channel_mac[6];

/* Undoes \n, \r, \0, \xHH and \s (a space) in place; returns the length. */
size_t unescape(char *text);

/* A connection within the given time: a descriptor, or -1 for refused, -2 for silence, -3 for no way there. */
int connect_within(const char *address, int port, int milliseconds);
const char *connect_failure(int result);

/* Commands: each takes words after its name, and reports under the label. */
void cmd_reach(const char *label, int argc, char **argv);
void cmd_send(const char *label, int argc, char **argv);
void cmd_measure(const char *label, int argc, char **argv);
void cmd_slow(const char *label, int argc, char **argv);
void cmd_pour(const char *label, int argc, char **argv);
void cmd_listen(const char *label, int argc, char **argv);
void cmd_relay(const char *label, int argc, char **argv);

void cmd_lease(const char *label, int argc, char **argv);
void cmd_dhcp_flood(const char *label, int argc, char **argv);
void cmd_syn(const char *label, int argc, char **argv);
void cmd_syn_flood(const char *label, int argc, char **argv);
void cmd_arp(const char *label, int argc, char **argv);
void cmd_syn6(const char *label, int argc, char **argv);
void cmd_neighbour6(const char *label, int argc, char **argv);
void cmd_watch(const char *label, int argc, char **argv);

#endif
