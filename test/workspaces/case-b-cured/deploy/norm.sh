#!/bin/bash
cd /srv
export PYTHONPATH=/srv

exec celery -A shelf.app worker -c 2 \
    -Q celery -n norm-%n@%h
