# The gate alone: one static binary, no shell. docs/container.md tells how to
# run it, deploy/image-test.sh tries it.
FROM --platform=$BUILDPLATFORM golang:1.26-trixie AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
# The volume below, with an owner. Docker gives it to a new named volume.
RUN mkdir -p /out/data
ARG TARGETOS TARGETARCH
ARG VERSION=unreleased
ENV GOCACHE=/gocache
RUN --mount=type=cache,target=/gocache \
    CGO_ENABLED=0 GOOS=$TARGETOS GOARCH=$TARGETARCH go build -trimpath -buildvcs=false \
    -tags nobadger,nomysql,nopgx \
    -ldflags="-s -w -X github.com/caddyserver/caddy/v2.CustomVersion=$VERSION" \
    -o /out/actiongw ./cmd/actiongw

FROM gcr.io/distroless/static-debian12:nonroot
ARG VERSION=unreleased
LABEL org.opencontainers.image.title="actiongw" \
      org.opencontainers.image.description="Action gateway: guards the server actions of React and Next.js" \
      org.opencontainers.image.source="https://github.com/actiongw/actiongw" \
      org.opencontainers.image.documentation="https://github.com/actiongw/actiongw/blob/main/docs/container.md" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="$VERSION"
COPY --from=build /out/actiongw /usr/bin/actiongw
# Where Caddy keeps certificates, if a Caddyfile asks for them. `sidecar` writes nothing.
COPY --from=build --chown=65532:65532 /out/data /data
ENV XDG_DATA_HOME=/data XDG_CONFIG_HOME=/config
# A number, so that Kubernetes can tell that it is not root.
USER 65532:65532
EXPOSE 8080 8081
HEALTHCHECK --interval=10s --timeout=5s --start-period=5s --retries=3 CMD ["/usr/bin/actiongw", "healthcheck"]
ENTRYPOINT ["/usr/bin/actiongw"]
CMD ["sidecar"]
