from invoke import task


@task
def slow(context):
    context.run("celery -A shelf.app worker -c 1 -Q slow -n slow-%n@%h", pty=False)
