# One image for every role: `port2port run | web | detect`. The front end is built in the first stage; Node stays there.
FROM python:3.11-slim-bookworm AS build
WORKDIR /port2port
COPY requirements.lock requirements.in pyproject.toml README.md LICENSE package.json package-lock.json .npmrc ./
COPY tools ./tools
COPY port2port ./port2port
RUN python3 tools/setup.py

FROM python:3.11-slim-bookworm
RUN useradd --create-home --uid 10001 port2port && mkdir /state && chown port2port /state
WORKDIR /port2port
COPY --from=build --chown=root:root /port2port /port2port
USER port2port
ENV P2P_STATE=/state/live P2P_HOST=0.0.0.0 PYTHONUNBUFFERED=1
VOLUME /state
EXPOSE 8000 10110/udp
HEALTHCHECK --interval=10s CMD ["/port2port/.venv/bin/python", "-c", "import urllib.request as u; u.urlopen('http://127.0.0.1:8000/status')"]
ENTRYPOINT ["/port2port/.venv/bin/port2port"]
CMD ["run"]
