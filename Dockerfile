# One image for the web process, the worker and the migrations; the command says which.
FROM python:3.11-slim

RUN apt-get update && apt-get install --yes --no-install-recommends make && rm -rf /var/lib/apt/lists/* \
    && useradd --create-home --uid 10001 service

WORKDIR /service
COPY pyproject.toml constraints.txt Makefile README.md LICENSE alembic.ini ./
COPY app app
COPY alembic alembic
# Built by root and run by another: the service cannot change its own code.
RUN make setup-production

USER service
ENV PATH=/service/.venv/bin:$PATH PYTHONUNBUFFERED=1
EXPOSE 8000

HEALTHCHECK --interval=10s --timeout=3s --start-period=10s \
    CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8000/healthz', timeout=2)"]

# Web by default; `python -m app.cli worker` and `python -m app.cli migrate` are the others.
CMD ["python", "-m", "app.cli", "serve", "--host", "0.0.0.0"]
