#!/bin/sh
# After a deployment: everybody takes the new code.
supervisorctl -c /srv/deploy/supervisord.conf restart norm
supervisorctl -c /srv/deploy/supervisord.conf restart web
