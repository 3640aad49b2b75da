#!/usr/bin/env bash
# Builds the Dockerfile as it is and tries the image, without a container engine
# and without a registry: buildah builds in a chroot, on stand-ins for the base
# images. The image then runs as its user, with a read-only root and no network
# but loopback.
#
# Needs Go and root on Debian or Ubuntu, and installs what else is missing.
# Leaves nothing but Go's caches. Not tried: the real base images.
set -euo pipefail
exec </dev/null
cd "$(dirname "$0")/.."

fail() {
	echo "image: $*" >&2
	exit 1
}

# tools installs what is missing and fails if it still is.
tools() {
	((EUID == 0)) || fail "buildah without an engine wants root: try sudo"
	local tool missing=()
	# Newer versions of buildah do not start without netavark, though it has no work here.
	command -v buildah >/dev/null || missing+=(buildah netavark)
	command -v busybox >/dev/null || missing+=(busybox-static)
	command -v curl >/dev/null || missing+=(curl)
	if ((${#missing[@]})); then
		echo "installing ${missing[*]}"
		apt-get update -qq
		DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
	fi
	for tool in go buildah busybox curl unshare setpriv; do
		command -v "$tool" >/dev/null || fail "$tool is missing"
	done
	ldd "$(command -v busybox)" >/dev/null 2>&1 && fail "busybox is not static: install busybox-static"
	ldd "$(go env GOROOT)/bin/go" >/dev/null 2>&1 && fail "$(go env GOROOT)/bin/go is not static: use Go as go.dev distributes it"
	return 0
}

# stand_in makes an image of a folder, with a name and options of buildah config.
stand_in() {
	local name=$1 folder=$2 container
	shift 2
	container=$(buildah from scratch)
	buildah add -q "$container" "$folder" / >/dev/null
	buildah config "$@" "$container"
	buildah commit -q "$container" "$name" >/dev/null
	buildah rm "$container" >/dev/null
}

# build makes the stand-ins and then the image.
build() {
	printf '[storage]\ndriver = "vfs"\ngraphroot = "%s/graph"\nrunroot = "%s/run"\n' "$work" "$work" >"$work/storage.conf"
	printf '[containers]\ncgroups = "disabled"\nnetns = "host"\n' >"$work/containers.conf"
	export CONTAINERS_STORAGE_CONF=$work/storage.conf CONTAINERS_CONF=$work/containers.conf TMPDIR=$work

	# buildah keeps a cache there, whatever its configuration says.
	mount -t tmpfs tmpfs /var/lib

	local bases
	mapfile -t bases < <(sed -nE 's/^FROM (--[^ ]+ )*([^ ]+).*/\2/p' Dockerfile)
	[[ ${#bases[@]} == 2 && ${bases[0]} == golang:* ]] || fail "the Dockerfile starts from ${bases[*]}: teach me their stand-ins"

	# Go's own image: a shell, and the Go, modules and build cache of this machine.
	mkdir -p "$work/golang"/{bin,tmp,root,etc}
	cp "$(command -v busybox)" "$work/golang/bin/busybox"
	for tool in sh mkdir; do ln -s busybox "$work/golang/bin/$tool"; done
	stand_in "${bases[0]}" "$work/golang" --env PATH=/usr/local/go/bin:/bin --env GOPATH=/go --env GOCACHE=/gocache \
		--env GOTOOLCHAIN=local --env GOPROXY=off

	# A static image: nothing to run, and root unless the Dockerfile says otherwise.
	mkdir -p "$work/static"/{tmp,proc,etc/ssl/certs,etc/actiongw,home/nonroot}
	printf 'root:x:0:0::/root:/sbin/nologin\nnonroot:x:65532:65532::/home/nonroot:/sbin/nologin\n' >"$work/static/etc/passwd"
	stand_in "${bases[1]}" "$work/static" --env PATH=/usr/bin:/bin

	# Limits that are low enough to be set by a root that may not raise them.
	buildah bud -q --format docker --pull-never --isolation chroot --network host \
		--ulimit nofile=4096:4096 --ulimit nproc=4096:4096 \
		-v "$(go env GOROOT):/usr/local/go:ro" -v "$(go env GOMODCACHE):/go/pkg/mod" -v "$(go env GOCACHE):/gocache" \
		--build-arg TARGETOS=linux --build-arg TARGETARCH="$(go env GOARCH)" --build-arg VERSION=v0.0.0-test -t actiongw . >/dev/null
}

# said fails unless the first argument is the second.
said() {
	[[ $1 == "$2" ]] || fail "$3: $1, want $2"
	echo "ok: $3: $1"
}

config() { buildah inspect --type image --format "$1" localhost/actiongw:latest; }

# in_image becomes a command as an engine would start it: the image's
# environment, with variables more up to --, its user, no capabilities, its
# root. For subshells.
in_image() {
	local env=()
	while [[ $1 != -- ]]; do
		env+=("$1")
		shift
	done
	shift
	exec env -i "${image_env[@]}" "${env[@]}" "$(command -v setpriv)" --no-new-privs \
		"$(command -v chroot)" --userspec="$user" --groups= "$root" "$@"
}

# call sends a server action to the gate from an origin, and prints the status.
call() {
	curl -sS -o "$work/answer" -w '%{http_code}' -H "Origin: $1" -H 'Content-Type: text/plain;charset=UTF-8' \
		-H 'Next-Action: 4012345678901234567890123456789012345678ab' -d '[]' http://127.0.0.1:8080/
}

# await waits for the health check to say what it should.
await() {
	local i
	for ((i = 0; i < 100; i++)); do
		if (in_image -- "${healthcheck[@]}") >"$work/health" 2>&1; then
			return
		fi
		sleep 0.1
	done
	cat "$work"/*.log "$work/health" >&2
	fail "the gate does not become healthy"
}

stop() {
	local status=0
	kill -TERM "$1"
	wait "$1" || status=$?
	said "$status" 0 "exit status after SIGTERM"
}

smoke() {
	local container root user image_env entrypoint command healthcheck gate status=0
	user=$(config '{{.Docker.Config.User}}')
	said "$user" 65532:65532 user
	said "$(config '{{.Docker.Config.ExposedPorts}}')" 'map[8080/tcp:{} 8081/tcp:{}]' ports
	said "$(config '{{index .Docker.Config.Labels "org.opencontainers.image.version"}}')" v0.0.0-test "version label"
	said "$(config '{{.Docker.Config.Healthcheck.Test}}')" '[CMD /usr/bin/actiongw healthcheck]' "health check"
	mapfile -t image_env < <(config '{{range .Docker.Config.Env}}{{println .}}{{end}}' | sed '/^$/d')
	mapfile -t entrypoint < <(config '{{range .Docker.Config.Entrypoint}}{{println .}}{{end}}' | sed '/^$/d')
	mapfile -t command < <(config '{{range .Docker.Config.Cmd}}{{println .}}{{end}}' | sed '/^$/d')
	mapfile -t healthcheck < <(config '{{range .Docker.Config.Healthcheck.Test}}{{println .}}{{end}}' | sed '/^$/d;1d')
	said "${entrypoint[*]} ${command[*]}" "/usr/bin/actiongw sidecar" "entrypoint and command"

	container=$(buildah from --pull-never localhost/actiongw:latest)
	root=$(buildah mount "$container")
	# An engine makes the place for a mounted file before the root is read-only.
	: >"$root/etc/actiongw/Caddyfile"
	mount --bind "$root" "$root"
	mount --bind -o ro deploy/Caddyfile "$root/etc/actiongw/Caddyfile"
	mount -t proc proc "$root/proc"
	mount -o remount,ro,bind "$root"
	touch "$root/x" 2>/dev/null && fail "the root is not read-only"
	busybox ip link set lo up
	said "$(in_image -- "${entrypoint[@]}" version | cut -d' ' -f2)" v0.0.0-test version
	said "$(stat -c %u:%g "$root/data")" 65532:65532 "owner of /data"

	(in_image -- "${entrypoint[@]}" "${command[@]}") >"$work/missing.log" 2>&1 || status=$?
	said "$status" 1 "exit status without ACTIONGW_UPSTREAM"
	grep -q 'ACTIONGW_UPSTREAM is required' "$work/missing.log" || fail "no word of ACTIONGW_UPSTREAM: $(cat "$work/missing.log")"

	"$root${entrypoint[0]}" respond --listen 127.0.0.1:3000 upstream >"$work/upstream.log" 2>&1 &
	in_image ACTIONGW_UPSTREAM=127.0.0.1:3000 ACTIONGW_ORIGIN=x -- "${entrypoint[@]}" "${command[@]}" >"$work/gate.log" 2>&1 &
	gate=$!
	await
	said "$(cat "$work/health")" "well: http://127.0.0.1:8081/healthz" "health check"
	said "$(call http://127.0.0.1:8080)" 200 "a genuine call"
	said "$(cat "$work/answer")" upstream "its answer"
	said "$(call https://evil.example)" 403 "a call from another site"
	grep -q origin_not_allowed "$work/answer" || fail "the refusal says $(cat "$work/answer")"
	curl -sSf -o "$work/metrics" http://127.0.0.1:8081/metrics
	grep -q '^actiongw_calls_total.*"admit"' "$work/metrics" || fail "no metrics"
	said "$(grep -c 'did you mean ACTIONGW_ORIGINS?' "$work/gate.log")" 1 "warnings of an unknown variable"
	grep -E '"level":"(error|fatal)"' "$work/gate.log" && fail "errors in the log"
	stop "$gate"
	if (in_image -- "${healthcheck[@]}") >"$work/health" 2>&1; then fail "healthy without a gate"; fi

	in_image -- "${entrypoint[@]}" run --config /etc/actiongw/Caddyfile >"$work/gate.log" 2>&1 &
	gate=$!
	await
	said "$(call https://evil.example)" 403 "a call from another site, with a Caddyfile"
	grep -E '"level":"(error|fatal)"' "$work/gate.log" && fail "errors in the log"
	stop "$gate"
	echo "image: $(stat -c %s "$root${entrypoint[0]}") bytes of binary"
}

if [[ ${1:-} == inside ]]; then
	work=$2
	build
	smoke
	exit
fi
tools
mkdir -p "$(go env GOCACHE)"
go mod download
work=$(mktemp -d)
# Outside of the namespaces: here no mount leads out of the folder.
trap 'rm -rf "$work"' EXIT
# Loopback is all the network there is, and all processes end with this one.
unshare --mount --net --pid --fork --kill-child --mount-proc "$BASH" deploy/image-test.sh inside "$work"
