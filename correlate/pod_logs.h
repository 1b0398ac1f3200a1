/*
 * The kubelet's log folders, whose names hold what is nowhere else once a container is gone:
 * /var/log/containers/POD_NAMESPACE_CONTAINER-ID.log, a link for each container, and
 * /var/log/pods/NAMESPACE_POD_UID (kubelet, pkg/kubelet/kuberuntime). None of the three names may
 * hold a `_`, Kubernetes names being DNS labels.
 */
#ifndef SCLOG_CORRELATE_POD_LOGS_H
#define SCLOG_CORRELATE_POD_LOGS_H

#include "correlate/runtime_files.h"

void pod_logs_describe(struct lookup *lookup);

#endif
