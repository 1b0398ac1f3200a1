/*
 * Talking to the service manager, by the protocol of sd_notify(3); nothing happens without one.
 */
#ifndef SCLOG_LIVE_SERVICE_H
#define SCLOG_LIVE_SERVICE_H

void service_ready(const char *status);
void service_status(const char *status);
void service_alive(void); /* for WatchdogSec= */
void service_stopping(void);

#endif
