#!/usr/bin/env python3
"""What a kubelet asks of a container runtime, one question a call:

    cri.py SOCKET pod FILE NAMESPACE NAME CGROUP_PARENT     prints the sandbox's id, keeps it in FILE
    cri.py SOCKET run FILE NAME ATTEMPT PROFILE COMMAND...  a container of that pod; prints its id
    cri.py SOCKET exec ID COMMAND...                        ends with the command's status
    cri.py SOCKET wait ID                                   until it has exited
    cri.py SOCKET stop ID                                   a container
    cri.py SOCKET remove FILE                               the pod and all in it

PROFILE: a path (Localhost), `default` (RuntimeDefault) or `unconfined`. Needs cri_pb2.py in $CRI_PB2.
"""
import os
import sys
import time

sys.path.insert(0, os.environ["CRI_PB2"])
import cri_pb2 as cri
import grpc

IMAGE = "docker.io/library/live:1"
EXITED = 2


def main():
    socket, verb, *words = sys.argv[1:]
    channel = grpc.insecure_channel("unix://" + socket)

    def call(method, response, **fields):
        request = getattr(cri, method + "Request")(**fields)
        stub = channel.unary_unary(
            "/runtime.v1.RuntimeService/" + method,
            request_serializer=lambda message: message.SerializeToString(),
            response_deserializer=response.FromString,
        )
        return stub(request, timeout=120)

    def node_namespaces():
        return cri.NamespaceOption(network=cri.NODE, pid=cri.CONTAINER)

    def pod(path, namespace, name, parent):
        config = cri.PodSandboxConfig(log_directory=os.path.dirname(path) + "/logs")
        os.makedirs(config.log_directory, exist_ok=True)
        config.metadata.name, config.metadata.namespace = name, namespace
        config.metadata.uid = "uid-" + name
        config.labels["io.kubernetes.pod.name"] = name
        config.labels["io.kubernetes.pod.namespace"] = namespace
        config.linux.cgroup_parent = parent
        config.linux.security_context.namespace_options.CopyFrom(node_namespaces())
        sandbox = call("RunPodSandbox", cri.RunPodSandboxResponse, config=config).pod_sandbox_id
        with open(path, "wb") as file:
            file.write(sandbox.encode() + b"\n" + config.SerializeToString())
        print(sandbox)

    def load(path):
        with open(path, "rb") as file:
            sandbox, config = file.read().split(b"\n", 1)
        return sandbox.decode(), cri.PodSandboxConfig.FromString(config)

    def run(path, name, attempt, profile, *command):
        sandbox, pod_config = load(path)
        config = cri.ContainerConfig(log_path=name + ".log")
        config.metadata.name, config.metadata.attempt = name, int(attempt)
        config.image.image = IMAGE
        config.command.extend(command)
        config.labels["io.kubernetes.container.name"] = name
        config.labels["io.kubernetes.pod.name"] = pod_config.metadata.name
        config.labels["io.kubernetes.pod.namespace"] = pod_config.metadata.namespace
        context = config.linux.security_context
        context.namespace_options.CopyFrom(node_namespaces())
        kind = cri.SecurityProfile
        types = {"default": kind.RuntimeDefault, "unconfined": kind.Unconfined}
        context.seccomp.profile_type = types.get(profile, kind.Localhost)
        context.seccomp.localhost_ref = "" if profile in types else profile
        container = call(
            "CreateContainer",
            cri.CreateContainerResponse,
            pod_sandbox_id=sandbox,
            config=config,
            sandbox_config=pod_config,
        ).container_id
        call("StartContainer", cri.StartContainerResponse, container_id=container)
        print(container)

    def execute(container, *command):
        answer = call(
            "ExecSync", cri.ExecSyncResponse, container_id=container, cmd=command, timeout=60
        )
        sys.stdout.buffer.write(answer.stdout)
        sys.exit(answer.exit_code)

    def wait(container):
        def state():
            return call(
                "ContainerStatus", cri.ContainerStatusResponse, container_id=container
            ).status.state

        end = time.monotonic() + 120
        while state() != EXITED:
            if time.monotonic() > end:
                sys.exit("container %s still runs" % container)
            time.sleep(0.05)

    def stop(container):
        call("StopContainer", cri.StopContainerResponse, container_id=container)

    def remove(path):
        sandbox = load(path)[0]
        call("StopPodSandbox", cri.StopPodSandboxResponse, pod_sandbox_id=sandbox)
        call("RemovePodSandbox", cri.RemovePodSandboxResponse, pod_sandbox_id=sandbox)

    verbs = {"pod": pod, "run": run, "exec": execute, "wait": wait, "stop": stop, "remove": remove}
    verbs[verb](*words)


main()
