job "web" {
  group "web" {
    task "web" {
      driver = "docker"
      config {
        image        = "web:1"
        security_opt = ["seccomp=/etc/nomad/web.json"]
      }
    }
  }
}
