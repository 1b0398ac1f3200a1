libsclog_a_SOURCES += \
	correlate/assign.c correlate/assign.h \
	correlate/attribute.c correlate/attribute.h \
	correlate/bundle.c correlate/bundle.h \
	correlate/capability.c correlate/capability.h \
	correlate/choice.c correlate/choice.h \
	correlate/cgroup.c correlate/cgroup.h \
	correlate/connector.c correlate/connector.h \
	correlate/container.c correlate/container.h \
	correlate/coverage.c \
	correlate/description.c correlate/description.h \
	correlate/docker_files.c correlate/docker_files.h \
	correlate/event.c correlate/event.h \
	correlate/host_files.c correlate/host_files.h \
	correlate/hold.c correlate/hold.h \
	correlate/json.c correlate/json.h \
	correlate/metadata.c correlate/metadata.h \
	correlate/cgroup_home.c correlate/cgroup_home.h \
	correlate/owner.c correlate/owner.h \
	correlate/pod_logs.c correlate/pod_logs.h \
	correlate/process.c correlate/process.h correlate/process_private.h \
	correlate/process_answer.c \
	correlate/process_change.c \
	correlate/process_find.c \
	correlate/process_table.c \
	correlate/procfs.c correlate/procfs.h \
	correlate/registry.c correlate/registry.h \
	correlate/running.c correlate/running.h \
	correlate/runtime_files.c correlate/runtime_files.h \
	correlate/setup.c correlate/setup.h \
	correlate/storage_files.c correlate/storage_files.h
